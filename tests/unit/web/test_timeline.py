from __future__ import annotations

import pytest

from domains.history.ledger import canonical
from domains.models import HistoryEntry
from domains.web.timeline import events


def entry(seq, kind, *states, **facts):
    effects = [
        {"vcpu": 5, "side": side, "target": "present", "state": state, "libvirt": None}
        for side, state in zip(("live", "config"), states, strict=False)
    ]
    time = f"2026-11-23T09:00:{seq:02}.000000Z"
    body = {"kind": kind, "effects": effects, "time": time, **facts}
    return HistoryEntry(seq=seq, kind=kind, time=time, body=canonical(body))


def test_each_event_names_only_what_changed_since_the_one_before():
    told = events(
        [
            entry(1, "requested", "pending", "pending", action="add", door="page"),
            entry(2, "started", "pending", "pending", attempt=1),
            entry(3, "confirmed", "done", "pending"),
            entry(4, "confirmed", "done", "done"),
        ]
    )
    assert [event.details for event in told] == [
        ("through the page",),
        ("attempt 1",),
        ("vCPU 5, live: seen present",),
        ("vCPU 5, config: seen present",),
    ]


def test_the_last_event_says_how_it_ended_and_how_long_it_took():
    told = events(
        [
            entry(1, "requested", "pending", action="remove", status="queued", duration=0.0),
            entry(2, "waiting", "waiting", status="waiting", duration=5.2),
            entry(43, "late", "done", status="succeeded", late=True, duration=41.26),
        ]
    )
    assert [event.seq for event in told] == [1, 2, 43]
    assert told[1].details == ("vCPU 5, live: not seen present yet",)
    assert told[2].details == ("vCPU 5, live: seen present", "Succeeded late, 41.3 s after the request")


def test_an_end_that_its_own_line_names_is_not_named_again():
    told = events([entry(7, "failed", "failed", status="failed", duration=0.1)])
    assert (told[0].text, told[0].details[-1]) == ("Failed", "0.1 s after the request")


@pytest.mark.parametrize(
    ("libvirt", "message", "line"),
    [
        ({"code": 68, "text": "timed out"}, "", "(libvirt: code 68 “timed out”)"),
        ({"code": None, "text": "timed out"}, "No luck.", "(libvirt: “timed out”)"),
        ({"code": None, "text": "device busy"}, "web01 refused. It said: device busy", ""),
        ({"code": 68, "text": "device busy"}, "web01 refused. It said: device busy", "(libvirt: code 68)"),
    ],
)
def test_what_libvirt_said_is_told_once(libvirt, message, line):
    effect = {"vcpu": 5, "side": "live", "target": "absent", "state": "failed", "libvirt": libvirt}
    (event,) = events([entry(1, "failed", effects=[effect], message=message)])
    words = f"vCPU 5, live: did not become absent {line}".rstrip()
    assert event.details == tuple(filter(None, (message, words)))


def test_a_wait_is_a_line_of_its_own():
    told = events(
        [
            entry(1, "requested", "pending", action="remove"),
            entry(2, "waiting", "waiting", status="waiting"),
            entry(43, "late", "done", status="succeeded"),
        ]
    )
    assert [event.gap for event in told] == [None, None, 41.0]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("asked_again", "had the guest asked once more"),
        ("stopped_waiting", "ended the waiting; Slotboard keeps looking"),
        ("cancelled", "cancelled it before it started"),
    ],
)
def test_what_was_done_by_hand_names_who_did_it_and_their_note(kind, words):
    first, then = events(
        [
            entry(1, "requested", "waiting", action="remove", actor="mara", note="theirs"),
            entry(2, kind, "waiting", actor="omar", door="page", address="10.0.0.1", note="enough"),
        ]
    )
    assert (first.actor, first.details) == ("mara", ())
    assert (then.actor, then.text) == ("omar", words)
    assert then.details == ("through the page from 10.0.0.1", "“enough”")


@pytest.mark.parametrize(
    ("follows", "words"),
    [
        ({}, "asked to remove vCPU 5, live"),
        ({"undo_of": 12, "retry_of": None}, "asked to remove vCPU 5, live, to undo operation 12"),
        (
            {"undo_of": 12, "retry_of": 13},
            "asked to remove vCPU 5, live, to undo operation 12, to retry operation 13",
        ),
    ],
)
def test_request_says_what_it_undoes_or_retries(follows, words):
    asked = {"action": "remove", "requested": {"vcpu": 5, "affect": "live"}, **follows}
    assert [event.text for event in events([entry(1, "requested", "pending", **asked)])] == [words]
