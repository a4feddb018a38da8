from __future__ import annotations

import pytest

from domains.vcpu.guest import GuestView
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action, refusal, slot_reasons
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView

LIVE = SlotMap(8, frozenset({0, 1, 4, 5, 6}), frozenset({4, 5, 6}))
# Slots 0, 1, 4 and 5 are the guest's CPUs 0 to 3; which of its CPUs slot 6 is, is not known.
GUEST = GuestView(frozenset(range(5)), frozenset({0, 1, 2}), frozenset({2, 3}), {0: 0, 1: 1, 4: 2, 5: 3})
VIEW = DomainView("web01", True, False, True, LIVE, LIVE, agent=True, guest=GUEST)


@pytest.mark.parametrize(
    ("action", "ids", "reason"),
    [
        (Action.OFFLINE, {4}, None),
        (Action.ONLINE, {5}, None),
        (Action.ONLINE, {4, 5}, None),  # one of them has something to do
        (Action.ONLINE, {4}, Reason.ALREADY_ONLINE),
        (Action.OFFLINE, {5}, Reason.ALREADY_OFFLINE),
        (Action.OFFLINE, {1}, Reason.NOT_OFFLINABLE),
        (Action.OFFLINE, {0}, Reason.NOT_OFFLINABLE),
        (Action.OFFLINE, {6}, Reason.GUEST_CPU_UNKNOWN),
        (Action.ONLINE, {3}, Reason.ALREADY_ABSENT),
        (Action.ONLINE, {9}, Reason.OUT_OF_RANGE),
    ],
)
def test_guest_switches_the_cpus_that_are_known_and_can_be(action, ids, reason):
    found = refusal(VIEW, action, frozenset(ids), Side.GUEST)
    assert (found.reason if found else None) is reason


def test_every_slot_says_whether_the_guest_can_switch_it():
    off = slot_reasons(VIEW, Action.OFFLINE, Side.GUEST)
    assert {vcpu: off.get(vcpu) for vcpu in (0, 1, 2, 4, 5, 6)} == {
        0: Reason.NOT_OFFLINABLE,
        1: Reason.NOT_OFFLINABLE,
        2: Reason.ALREADY_ABSENT,
        4: None,
        5: Reason.ALREADY_OFFLINE,
        6: Reason.GUEST_CPU_UNKNOWN,
    }
