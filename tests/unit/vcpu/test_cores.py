from __future__ import annotations

import pytest

from domains.vcpu.cores import leaves
from domains.vcpu.topology import Topology

FOUR = Topology(sockets=1, cores=4, threads=2)


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
    assert leaves(topology, before, frozenset(after)) == words
