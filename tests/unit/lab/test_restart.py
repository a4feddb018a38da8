from __future__ import annotations

import pytest

from lab.guests import BY_NAME
from lab.restart import Event, Restraint, needs_restart, parse_event

PERSISTENT, TRANSIENT = BY_NAME["web01"], BY_NAME["fleeting01"]


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("shut off", "crashed", True),
        ("shut off", "failed", True),
        ("shut off", "daemon", True),
        ("crashed", "crashed", True),
        ("shut off", "destroyed", False),
        ("shut off", "shutdown", False),
        ("shut off", "unknown", False),
        ("shut off", "saved", False),
        ("running", "booted", False),
        ("paused", "user", False),
        ("running", "unpaused", False),
    ],
)
@pytest.mark.parametrize("detail", [None, "Failed", "Destroyed"])
def test_persistent_guest_is_judged_by_its_state_and_reason(state, reason, expected, detail):
    assert needs_restart(PERSISTENT, state=state, reason=reason, detail=detail, ran=True) is expected


def test_persistent_guest_that_was_undefined_stays_away():
    assert not needs_restart(PERSISTENT, state=None, reason="", detail="Failed", ran=True)


@pytest.mark.parametrize(
    ("detail", "ran", "expected"),
    [
        ("Failed", True, True),
        ("Crashed", True, True),
        (None, True, True),
        ("Destroyed", True, False),
        ("Shutdown", True, False),
        ("Migrated", True, False),
        (None, False, False),
        ("Failed", False, False),
    ],
)
def test_transient_guest_is_judged_by_how_it_vanished(detail, ran, expected):
    assert needs_restart(TRANSIENT, state=None, reason="", detail=detail, ran=ran) is expected


def test_transient_guest_that_runs_is_left_alone():
    assert not needs_restart(TRANSIENT, state="running", reason="booted", detail=None, ran=True)


@pytest.mark.parametrize(
    ("line", "event", "stopped", "runs"),
    [
        ("'web01': Stopped Failed", Event("web01", "Stopped", "Failed"), True, False),
        ("'web01': Stopped Destroyed", Event("web01", "Stopped", "Destroyed"), True, False),
        ("'web01': Crashed Panicked", Event("web01", "Crashed", "Panicked"), True, False),
        ("'web01': Started Booted", Event("web01", "Started", "Booted"), False, True),
        ("'web01': Suspended Paused", Event("web01", "Suspended", "Paused"), False, True),
        ("'web01': Resumed Unpaused", Event("web01", "Resumed", "Unpaused"), False, True),
        ("'web01': Undefined Removed", Event("web01", "Undefined", "Removed"), False, False),
    ],
)
def test_virsh_events_tell_which_guest_stopped_and_why(line, event, stopped, runs):
    assert parse_event(f"event 'lifecycle' for domain {line}\n") == event
    assert (event.stopped, event.runs) == (stopped, runs)


def test_other_lines_of_virsh_tell_of_no_event():
    assert parse_event("events received: 3\n") is None


def test_guest_that_keeps_crashing_is_left_alone_for_a_while():
    restraint = Restraint()
    assert [restraint.allows("web01", now) for now in range(7)] == [True] * 5 + [False] * 2
    assert restraint.allows("db01", 7.0)
    assert restraint.allows("web01", 61.0)
