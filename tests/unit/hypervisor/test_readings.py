from __future__ import annotations

import pytest

from domains.hypervisor.gateway import DomainState
from domains.hypervisor.readings import state_of, statistics_of


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (1, "running"),
        (3, "paused"),
        (5, "shut off"),
        (7, "pmsuspended"),
        (99, "no state"),
        (None, "no state"),
        (-1, "no state"),
    ],
)
def test_states_have_virshs_words(number, state):
    assert state_of(number) == state


def test_statistics_find_the_present_slots_in_sparse_keys():
    fields = {
        "state.state": 1,
        "cpu.time": 900,
        "vcpu.current": 2,
        "vcpu.maximum": 8,
        "vcpu.0.state": 1,
        "vcpu.0.time": 11,
        "vcpu.5.state": 1,
        "vcpu.5.time": 22,
        "vcpu.5.wait": 3,
        "vcpu.5.delay": 6,
        "vcpu.5.halt_exits.sum": 4,
    }
    row = statistics_of("u", "web01", 7, fields, timed=True)
    assert (row.state, row.current, row.maximum) == (DomainState.RUNNING, 2, 8)
    assert row.present == {0, 5}
    assert (row.vcpu_time, row.vcpu_waited) == ({0: 11, 5: 22}, {5: 6})
    assert (row.libvirt_id, row.cpu_time) == (7, 900)


def test_times_are_left_out_where_nobody_asked_for_them():
    row = statistics_of("u", "web01", 7, {"vcpu.0.state": 1, "vcpu.0.time": 11, "vcpu.0.delay": 6})
    assert (row.present, row.vcpu_time, row.vcpu_waited) == ({0}, {}, {})


def test_statistics_of_an_inactive_domain_have_no_run():
    row = statistics_of(
        "u", "batch01", -1, {"state.state": 5, "vcpu.current": 2, "vcpu.maximum": 8, "cpu.time": 3}
    )
    assert (row.present, row.libvirt_id, row.cpu_time) == (None, None, None)


def test_statistics_of_a_driver_that_tells_nothing():
    row = statistics_of("u", "test", 1, {"state.state": 1}, timed=True)
    assert (row.current, row.maximum, row.present, row.cpu_time, row.vcpu_time) == (
        None,
        None,
        None,
        None,
        {},
    )
