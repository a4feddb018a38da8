from __future__ import annotations

import pytest

from domains.vcpu import cpulist
from domains.vcpu.guest import GuestView, match_slots
from domains.vcpu.slots import SlotMap
from domains.vcpu.targets import Target, reached


def match(numbers, present, fixed, booted=None, known=None):
    ids = {name: cpulist.load(text) for name, text in {"n": numbers, "p": present, "f": fixed}.items()}
    started = None if booted is None else cpulist.load(booted)
    return match_slots(ids["n"], present=ids["p"], fixed=ids["f"], booted=started, known=known or {})


@pytest.mark.parametrize(
    ("numbers", "present", "fixed", "booted", "found"),
    [
        ("0-3", "0-3", "0-3", None, {0: 0, 1: 1, 2: 2, 3: 3}),
        ("0-4", "0-3,9", "0-3", None, {0: 0, 1: 1, 2: 2, 3: 3, 9: 4}),  # one left over on either side
        ("0-5", "0-3,9,11", "0-3", None, {0: 0, 1: 1, 2: 2, 3: 3}),  # 9 and 11: either could be 4
        ("0-3", "0,2,5,7", "0", "0,2,5,7", {0: 0, 2: 1, 5: 2, 7: 3}),  # the start was seen
        ("0-3", "0,2,5,7", "0", None, {0: 0}),
        ("0-4", "0,2,5,7,9", "0", "0,2,5,7", {0: 0}),  # no longer what it booted with
        ("0-2", "0-1,3", "0,3", None, {}),  # slot 1 may have been there between 0 and 3 at boot
        ("0-3", "0-4", "0-4", None, {}),  # the guest lacks one, and which is not known
    ],
)
def test_slots_are_matched_only_where_it_can_be_concluded(numbers, present, fixed, booted, found):
    assert match(numbers, present, fixed, booted) == found


def test_what_was_concluded_once_stays_so_in_the_run():
    known = {0: 0, 1: 1, 9: 2}
    assert match("0-3", "0-1,4,9", "0-1", known=known) == {0: 0, 1: 1, 9: 2, 4: 3}
    assert match("0-1,3", "0-1,4", "0-1", known={**known, 4: 3}) == {0: 0, 1: 1, 4: 3}


def test_slots_added_and_unseen_are_never_guessed():
    assert match("0-4", "0-1,4,6,9", "0-1", known={0: 0, 1: 1}) == {0: 0, 1: 1}


def test_view_survives_being_stored():
    view = GuestView(frozenset({0, 1, 2}), frozenset({0, 2}), frozenset({1, 2}), {0: 0, 5: 1, 7: 2})
    assert GuestView.from_json(view.to_json()) == view
    assert [view.online_of(slot) for slot in (0, 5, 7, 3)] == [True, False, True, None]


SLOTS = SlotMap(8, frozenset({0, 1, 5}), frozenset({5}))
GUEST = GuestView(frozenset({0, 1}), frozenset({0}), frozenset({1}), {0: 0, 1: 1})


@pytest.mark.parametrize(
    ("target", "vcpu", "found"),
    [
        (Target.PRESENT, 5, True),
        (Target.PRESENT, 6, False),
        (Target.ABSENT, 6, True),
        (Target.ABSENT, 5, False),
        (Target.REMOVABLE, 5, True),
        (Target.REMOVABLE, 1, False),
        (Target.ONLINE, 0, True),
        (Target.ONLINE, 1, False),
        (Target.OFFLINE, 1, True),
        (Target.OFFLINE, 5, None),
    ],
)
def test_target_is_reached_where_it_shows(target, vcpu, found):
    assert reached(target, vcpu, SLOTS, GUEST) is found


@pytest.mark.parametrize("target", list(Target))
def test_target_on_a_side_that_is_not_there_is_unknown(target):
    assert reached(target, 1, None, None) is None
