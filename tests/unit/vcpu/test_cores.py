from __future__ import annotations

import pytest

from domains.vcpu.cores import half_cores, leaves
from domains.vcpu.topology import Topology

FOUR = Topology(sockets=1, cores=4, threads=2)


@pytest.mark.parametrize(
    ("topology", "present", "cores"),
    [
        (FOUR, set(), ()),
        (FOUR, {0, 1, 4, 5}, ()),
        (FOUR, {0, 1, 4}, (2,)),
        (FOUR, {0, 3, 4, 5}, (0, 1)),
        (Topology(sockets=8), {0, 3}, ()),
        (Topology(sockets=2, cores=2, threads=4), {0, 1, 2, 3, 12, 13, 14}, (3,)),
    ],
)
def test_half_cores_are_those_with_some_of_their_threads(topology, present, cores):
    assert half_cores(topology, present) == cores


@pytest.mark.parametrize(
    ("topology", "before", "after", "words"),
    [
        (FOUR, {0, 1}, {0, 1, 4}, "leaves one thread of core 2"),
        (FOUR, {0, 1, 4}, {0, 1, 4, 5}, ""),
        (FOUR, {0, 1, 4}, {0, 1, 4, 6, 7}, ""),
        (FOUR, {0, 1, 4, 5}, {0, 4}, "leaves one thread of core 0 and one thread of core 2"),
        (
            Topology(sockets=2, cores=2, threads=4),
            set(),
            {12, 13, 14},
            "leaves 3 threads of core 1 of socket 1",
        ),
        (Topology(sockets=8), {0}, {0, 5}, ""),
    ],
)
def test_change_is_told_which_cores_it_leaves_in_part(topology, before, after, words):
    assert leaves(topology, before, after) == words
