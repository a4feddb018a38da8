"""Single cases of the rules that people will meet, by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domains.vcpu.reasons import Reason
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, Refusal, hint, refusal, slot_reasons
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView


def slots(maximum: int, present: set[int], removable: set[int] = frozenset()) -> SlotMap:
    return SlotMap(maximum, frozenset(present), frozenset(removable))


WEB01 = DomainView(
    name="web01",
    running=True,
    paused=False,
    persistent=True,
    live=slots(32, {0, 1, 2, 3, 5}, {5}),
    config=slots(32, {0, 1, 2, 3}),
    agent=True,
)
BOTH = (Side.LIVE, Side.CONFIG)


def reason(view, action, ids, side):
    found = refusal(view, action, frozenset(ids), side)
    return found.reason if found else None


@pytest.mark.parametrize(
    ("action", "ids", "side", "expected"),
    [
        (Action.ADD, {6}, Side.LIVE, None),
        (Action.ADD, {6}, Side.CONFIG, None),
        (Action.ADD, {6, 7}, Side.CONFIG, None),
        (Action.ADD, {5}, Side.LIVE, Reason.ALREADY_PRESENT),
        (Action.ADD, {0}, Side.CONFIG, Reason.ALREADY_PRESENT),
        (Action.ADD, {32}, Side.LIVE, Reason.OUT_OF_RANGE),
        (Action.ADD, {-1}, Side.LIVE, Reason.OUT_OF_RANGE),
        (Action.ADD, {10**12}, Side.CONFIG, Reason.OUT_OF_RANGE),
        (Action.ADD, {6, 7}, Side.LIVE, Reason.INVALID_REQUEST),
        (Action.ADD, set(), Side.LIVE, Reason.INVALID_REQUEST),
        (Action.ADD, {6}, Side.GUEST, Reason.INVALID_REQUEST),
        (Action.REMOVE, {5}, Side.LIVE, None),
        (Action.REMOVE, {5}, Side.CONFIG, Reason.ALREADY_ABSENT),
        (Action.REMOVE, {3}, Side.LIVE, Reason.NOT_REMOVABLE),
        (Action.REMOVE, {3}, Side.CONFIG, None),
        (Action.REMOVE, {2}, Side.CONFIG, Reason.FOLLOWED_BY_FIXED),
        (Action.REMOVE, {0}, Side.LIVE, Reason.VCPU0_FIXED),
        (Action.REMOVE, {0}, Side.CONFIG, Reason.VCPU0_FIXED),
        (Action.MAKE_REMOVABLE, {2}, Side.CONFIG, None),
        (Action.MAKE_REMOVABLE, {0}, Side.CONFIG, Reason.VCPU0_FIXED),
        (Action.MAKE_REMOVABLE, {9}, Side.CONFIG, Reason.ALREADY_ABSENT),
        (Action.MAKE_REMOVABLE, {2}, Side.LIVE, Reason.INVALID_REQUEST),
        (Action.SYNC, {5}, Side.CONFIG, None),
        (Action.SYNC, {5}, Side.LIVE, None),
        (Action.SYNC, {3}, Side.LIVE, Reason.ALREADY_PRESENT),
        (Action.SYNC, {9}, Side.CONFIG, Reason.ALREADY_ABSENT),
        (Action.OFFLINE, {5}, Side.GUEST, None),
        (Action.OFFLINE, {0}, Side.GUEST, Reason.NOT_OFFLINABLE),
        (Action.ONLINE, {0}, Side.GUEST, None),
        (Action.ONLINE, {9}, Side.GUEST, Reason.ALREADY_ABSENT),
        (Action.ONLINE, {5}, Side.LIVE, Reason.INVALID_REQUEST),
    ],
)
def test_refusal_of_one_change_to_web01(action, ids, side, expected):
    assert reason(WEB01, action, ids, side) is expected


@pytest.mark.parametrize(
    ("change", "action", "side", "expected"),
    [
        ({"enabled": False}, Action.ADD, Side.LIVE, Reason.HOST_DISABLED),
        ({"reachable": False}, Action.ADD, Side.LIVE, Reason.HOST_UNREACHABLE),
        ({"specific": False}, Action.ADD, Side.CONFIG, Reason.SPECIFIC_UNSUPPORTED),
        ({"hotplug": False}, Action.ADD, Side.LIVE, Reason.HOTPLUG_UNSUPPORTED),
        ({"hotplug": False}, Action.ADD, Side.CONFIG, Reason.HOTPLUG_UNSUPPORTED),
        ({"running": False, "live": None}, Action.ADD, Side.LIVE, Reason.DOMAIN_NOT_RUNNING),
        ({"running": False, "live": None}, Action.SYNC, Side.CONFIG, Reason.DOMAIN_NOT_RUNNING),
        ({"running": False, "live": None}, Action.ONLINE, Side.GUEST, Reason.DOMAIN_NOT_RUNNING),
        ({"persistent": False, "config": None}, Action.ADD, Side.CONFIG, Reason.DOMAIN_NOT_PERSISTENT),
        ({"persistent": False, "config": None}, Action.SYNC, Side.LIVE, Reason.DOMAIN_NOT_PERSISTENT),
        ({"agent": None}, Action.ONLINE, Side.GUEST, Reason.AGENT_UNAVAILABLE),
        ({"agent": False}, Action.ONLINE, Side.GUEST, Reason.AGENT_UNAVAILABLE),
        ({"paused": True}, Action.ONLINE, Side.GUEST, Reason.GUEST_PAUSED),
        ({"paused": True}, Action.ADD, Side.LIVE, None),
    ],
)
def test_refusal_by_the_domains_condition(change, action, side, expected):
    assert reason(replace(WEB01, **change), action, {6} if action is Action.ADD else {5}, side) is expected


def test_hint_says_that_a_paused_guest_will_wait():
    paused = replace(WEB01, paused=True)
    assert refusal(paused, Action.REMOVE, frozenset({5}), Side.LIVE) is None
    assert hint(paused, Action.REMOVE, frozenset({5}), Side.LIVE) is Reason.GUEST_PAUSED
    assert hint(paused, Action.SYNC, frozenset({5}), Side.LIVE) is Reason.GUEST_PAUSED
    assert hint(paused, Action.SYNC, frozenset({6}), Side.LIVE) is None
    assert hint(paused, Action.ADD, frozenset({6}), Side.LIVE) is None
    assert hint(WEB01, Action.REMOVE, frozenset({5}), Side.LIVE) is None


def test_hint_says_that_a_guest_that_still_starts_may_refuse():
    booting = replace(WEB01, booting=True)
    assert hint(booting, Action.REMOVE, frozenset({5}), Side.LIVE) is Reason.GUEST_NOT_READY
    assert hint(booting, Action.REMOVE, frozenset({5}), Side.CONFIG) is None
    assert hint(booting, Action.ADD, frozenset({6}), Side.LIVE) is None
    assert (
        hint(replace(booting, paused=True), Action.REMOVE, frozenset({5}), Side.LIVE) is Reason.GUEST_PAUSED
    )


def test_resolve_first_and_highest_of_web01():
    assert resolve(WEB01, Action.ADD, "first", (Side.LIVE,)) == 4
    assert resolve(WEB01, Action.ADD, "first", (Side.CONFIG,)) == 4
    assert resolve(WEB01, Action.ADD, "first", BOTH) == 4
    assert resolve(WEB01, Action.REMOVE, "highest", (Side.LIVE,)) == 5
    assert resolve(WEB01, Action.REMOVE, "highest", (Side.CONFIG,)) == 3
    assert resolve(WEB01, Action.REMOVE, "highest", BOTH) == 5


def test_resolve_first_with_both_is_absent_on_both():
    view = replace(WEB01, config=slots(32, {0, 1, 2, 3, 4, 6}, {4, 6}))
    assert resolve(view, Action.ADD, "first", (Side.LIVE,)) == 4
    assert resolve(view, Action.ADD, "first", (Side.CONFIG,)) == 5
    assert resolve(view, Action.ADD, "first", BOTH) == 7


def test_resolve_names_the_highest_removable_instead_of_taking_it():
    view = replace(WEB01, live=slots(8, {0, 1, 2, 3, 7}, {2}))
    found = resolve(view, Action.REMOVE, "highest", (Side.LIVE,))
    assert found == Refusal(Reason.NOT_REMOVABLE, 7, Side.LIVE, {"highest_removable": 2})
    assert "vCPU 7" in found.sentence("web01")
    assert "vCPU 2" in found.sentence("web01")


@pytest.mark.parametrize(
    ("live", "action", "wanted", "expected"),
    [
        (slots(4, {0, 1, 2, 3}), Action.ADD, "first", Reason.NO_ABSENT_SLOT),
        (slots(4, {0, 1}), Action.REMOVE, "highest", Reason.NOTHING_REMOVABLE),
        (slots(4, {0}), Action.REMOVE, "highest", Reason.NOTHING_REMOVABLE),
        (slots(4, {0}), Action.REMOVE, "first", Reason.INVALID_REQUEST),
        (slots(4, {0}), Action.ADD, "highest", Reason.INVALID_REQUEST),
        (None, Action.ADD, "first", Reason.DOMAIN_NOT_RUNNING),
    ],
)
def test_resolve_refuses(live, action, wanted, expected):
    found = resolve(replace(WEB01, live=live), action, wanted, (Side.LIVE,))
    assert isinstance(found, Refusal)
    assert found.reason is expected


def test_resolve_gives_the_first_slot_of_a_whole_core():
    power = replace(WEB01, live=slots(32, set(range(8)) | {16, 17, 18, 19}, {16, 17, 18, 19}), unit_size=4)
    assert resolve(power, Action.ADD, "first", (Side.LIVE,)) == 8
    assert resolve(power, Action.REMOVE, "highest", (Side.LIVE,)) == 16


def test_refusal_of_a_part_of_a_core_names_the_core():
    power = replace(WEB01, live=slots(32, set(range(8))), unit_size=4)
    found = refusal(power, Action.ADD, frozenset({9}), Side.LIVE)
    assert (found.reason, found.vcpu, found.details["unit"]) == (Reason.PARTIAL_UNIT, 9, "8-11")
    assert refusal(power, Action.ADD, frozenset({8, 9, 10, 11}), Side.LIVE) is None


def test_slot_reasons_of_4096_slots():
    view = replace(WEB01, config=slots(4096, set(range(4095))))
    found = slot_reasons(view, Action.REMOVE, Side.CONFIG)
    assert found.pop(0) is Reason.VCPU0_FIXED
    assert found.pop(4095) is Reason.ALREADY_ABSENT
    assert found == dict.fromkeys(range(1, 4094), Reason.FOLLOWED_BY_FIXED)
