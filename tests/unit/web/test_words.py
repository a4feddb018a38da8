from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from domains.operations.said import vcpu_words
from domains.vcpu.guest import GuestView
from domains.vcpu.slots import SlotMap
from domains.vcpu.targets import Target
from domains.vcpu.topology import Topology
from domains.vcpu.view import DomainView
from domains.web.numbers import read_number
from domains.web.shortcuts import expected, shortcuts
from domains.web.slots import slot_views
from domains.web.story import Wiring
from domains.web.syncing import sync_choices
from domains.web.tags import took, when
from domains.web.work import Work

NOW = datetime(2024, 11, 23, 9, 7, 38, 214_900, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.04, "0.0 s"), (41.26, "41.3 s"), (420, "7 min"), (7200, "2 h")],
)
def test_durations_are_short(seconds, words):
    assert took(seconds) == words


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("time", ">09:07:38<"),
        ("exact", ">09:07:38.214<"),
        ("full", ">23 November 2024, 09:07:38 UTC<"),
        ("date", ">2024-11-23<"),
        ("minute", ">2024-11-23 09:07<"),
        ("age", ">23 Nov 09:07 UTC<"),
        ("span", ">since 23 Nov 09:07 UTC<"),
    ],
)
def test_times_are_told_in_utc(form, words):
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    assert words in when(elsewhere, form)
    assert 'datetime="2024-11-23T09:07:38.214+00:00"' in when(elsewhere, form)
    assert 'title="2024-11-23 09:07:38.214900 UTC"' in when(elsewhere, form)
    assert when(None) == "—"


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e3", " 1", "٣", "²", "9" * 19, "0x1"])
def test_what_is_no_number_is_none(text):
    assert read_number(text) is None


def test_slots_that_were_asked_for_are_named():
    assert vcpu_words([5, 7]) == "vCPU 5, 7"
    assert vcpu_words(5) == "vCPU 5"
    assert vcpu_words("first") == "the first available vCPU"


@pytest.mark.parametrize(
    ("value", "affect", "meant"),
    [
        ("first live:5 config:6", "config", ("first", "6")),
        ("first live:5", "both", ("first", "")),
        ("highest", "live", ("highest", "")),
        ("", "live", ("", "")),
        ("first live:", "live", ("first", "")),
        ("first : live", "live", ("first", "")),
    ],
)
def test_shortcut_is_read_back(value, affect, meant):
    assert expected(value, affect) == meant


def _view(**fields: object) -> DomainView:
    slots = SlotMap(8, frozenset({0, 1, 4}), frozenset({4}))
    values: dict[str, object] = {"live": slots, "config": slots, "running": True, "paused": False}
    return DomainView(name="web01", persistent=True, **(values | fields))  # type: ignore[arg-type]


def test_shortcut_without_a_slot_gives_the_reason():
    full = SlotMap(2, frozenset({0, 1}), frozenset())
    add, remove = shortcuts(_view(live=full, config=full))
    assert add.value == "first"
    assert all("no free slot left" in meaning.sentence for meaning in add.meanings)
    assert "no vCPU that can be removed" in remove.meanings[0].sentence


def _work(state: str, *, operation: int = 1, side: str = "live", target: Target = Target.PRESENT) -> Work:
    return Work(5, side, target, state, operation, "mara", True, NOW)


WIRING = Wiring(None, {"0": "0-3", "1": "4-7"}, {"5": "10-11"})


def test_what_a_slot_says_follows_whatever_it_is_told_from():
    guest = GuestView(frozenset({0, 1}), frozenset({0}), frozenset(), {0: 0, 4: 1})
    moved = replace(WIRING, pinning={"4": "3"})
    cases = [(guest, WIRING), (replace(guest, slots={0: 0}), WIRING), (guest, moved)]
    for _ in range(2):
        assert len({slot_views(_view(guest=one), wiring, [])[4].about for one, wiring in cases}) == 3


def test_newest_operation_decides_what_a_slot_shows():
    old, new = _work("failed", operation=1), _work("done", operation=2)
    assert slot_views(_view(), WIRING, [new, old])[5].state == ""
    assert slot_views(_view(), WIRING, [old])[5].state == "failed"


def test_what_goes_on_now_outweighs_what_failed_on_the_other_side():
    works = [_work("failed", operation=1, side="config"), _work("applying", operation=2)]
    shown = slot_views(_view(), WIRING, works)[5]
    assert (shown.state, shown.operation) == ("adding", 2)


def test_slot_says_where_it_is_and_what_happens_to_it():
    about = slot_views(_view(), WIRING, [_work("waiting", target=Target.ABSENT)])[5].about.split("\n")
    assert about[2:] == [
        "Place: NUMA cell 1",
        "Pinned to: host CPU 10-11",
        "Now: mara asked to remove it; waiting for the guest since 09:07:38 UTC. Operation 1.",
    ]


def test_sides_of_different_size_are_drawn_to_the_larger():
    slots = slot_views(_view(config=SlotMap(10, frozenset({0, 9}), frozenset())), WIRING, [])
    assert len(slots) == 10
    assert "does not exist in the running guest" in slots[9].about
    assert slots[9].can == "config removable"


def test_guest_that_is_off_differs_in_nothing():
    slots = slot_views(_view(live=None, running=False), WIRING, [])
    assert {slot.state for slot in slots} == {""}
    assert slots[4].label == "vCPU 4: present in config"
    assert "Live: the guest is not running." in slots[4].about


def _slots(present: set[int], removable: set[int] = frozenset(), maximum: int = 8) -> SlotMap:  # type: ignore[assignment]
    return SlotMap(maximum, frozenset(present), frozenset(removable))


GUEST = GuestView(frozenset({0, 1, 2}), frozenset({0, 1}), frozenset({1, 2}), {0: 0, 1: 1, 4: 2})


@pytest.mark.parametrize(
    ("vcpu", "line"),
    [
        (1, "Guest: CPU 1, online."),
        (4, "Guest: CPU 2, not online: plugged, but its kernel does not use it."),
    ],
)
def test_slot_tells_what_the_guest_does_with_it(vcpu, line):
    slot = slot_views(_view(guest=GUEST, agent=True), WIRING, [])[vcpu]
    assert line in slot.about.split("\n")


def test_slot_whose_number_in_the_guest_is_not_known_says_so():
    unknown = GuestView(frozenset({0, 1, 2}), frozenset({0, 1, 2}), frozenset(), {0: 0, 1: 1})
    slot = slot_views(_view(guest=unknown, agent=True), WIRING, [])[4]
    assert "Guest: which of its CPUs this is, is not known." in slot.about
    assert slot.guest == ""


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"agent": None}, False), ({"agent": False}, False), ({"agent": True}, True)],
)
def test_guest_is_told_of_only_where_an_agent_could(fields, told):
    slots = slot_views(_view(**fields), WIRING, [])
    assert ("Guest: not asked yet" in slots[4].about) is told
    assert "Guest:" not in slots[5].about


def test_slot_that_the_guest_does_not_use_is_a_state_of_its_own():
    slot = slot_views(_view(guest=GUEST, agent=True), WIRING, [])[4]
    assert (slot.state, slot.guest, slot.glyph, slot.word) == ("", "off", "offline", "offline")
    assert slot.label == "vCPU 4: present, live and config, not online in the guest"
    assert slot.can == "live config online"


def test_slot_that_differs_and_is_not_used_shows_both():
    slot = slot_views(_view(config=_slots({0, 1}), guest=GUEST, agent=True), WIRING, [])[4]
    assert (slot.state, slot.guest, slot.glyph, slot.word) == ("differ", "off", "offline", "live")
    assert "not in config, not online in the guest" in slot.label


def test_change_that_goes_on_outweighs_what_the_guest_does():
    slot = slot_views(_view(guest=GUEST, agent=True), WIRING, [_work("waiting", target=Target.ABSENT)])[5]
    assert slot.word == "waiting"
    work = Work(4, "guest", Target.ONLINE, "applying", 1, "mara", True, NOW)
    slot = slot_views(_view(guest=GUEST, agent=True), WIRING, [work])[4]
    assert (slot.state, slot.glyph) == ("changing", "changing")
    assert (
        "Now: mara asked to bring it online in the guest; that is being done since 09:07:38 UTC."
        in slot.about
    )


def test_fixed_slot_can_be_made_removable():
    slots = slot_views(_view(), WIRING, [])
    assert "removable" in slots[1].can.split()
    assert "removable" not in slots[0].can.split()
    assert "removable" not in slots[4].can.split()
    assert "Config: present, fixed" in slots[1].about
    assert "Config: present, removable; can be removed." in slots[4].about


def test_paused_guest_is_noted_where_a_removal_would_wait():
    slots = slot_views(_view(paused=True), WIRING, [])
    note = "Note: web01 is paused: the removal waits until it is resumed."
    assert [slot.id for slot in slots if note in slot.about] == [4]


POWER = Wiring(Topology(sockets=1, cores=4, threads=4), {}, {})


def _power(**fields: object) -> DomainView:
    slots = _slots(set(range(8)), {4, 5, 6, 7}, 16)
    return _view(**({"live": slots, "config": slots, "unit_size": 4} | fields))


def test_unit_is_one_slot_with_one_story():
    slots = slot_views(_power(), POWER, [])
    assert [(slot.id, slot.last, slot.value, slot.name) for slot in slots[:3]] == [
        (0, 3, "0-3", "0–3"),
        (4, 7, "4-7", "4–7"),
        (8, 11, "8-11", "8–11"),
    ]
    assert [slot.can for slot in slots] == ["", "live config", "live config", "live config"]
    assert slots[1].label == "vCPU 4 to 7: present, live and config"
    assert slots[1].about.count("Live:") == 1
    assert "Place: socket 0, core 1, all 4 threads" in slots[1].about


def test_unit_shows_what_happens_to_any_of_its_slots():
    work = Work(6, "live", Target.ABSENT, "waiting", 3, "mara", True, NOW)
    slots = slot_views(_power(), POWER, [work])
    assert [slot.state for slot in slots] == ["", "waiting", "", ""]


def test_unit_of_which_the_guest_uses_a_part_says_which():
    guest = GuestView(
        frozenset(range(8)), frozenset(range(6)), frozenset(range(1, 8)), {vcpu: vcpu for vcpu in range(8)}
    )
    slots = slot_views(_power(guest=guest, agent=True), POWER, [])
    assert [slot.guest for slot in slots] == ["", "part", "", ""]
    assert (
        "Guest: CPU 4-5, online; CPU 6-7, not online: plugged, but its kernel does not use it."
        in slots[1].about
    )
    assert {"online", "offline"} <= {*slots[1].can.split()}


def _said(view: DomainView) -> dict[str, tuple[str, bool]]:
    return {choice.side: (choice.sentence, choice.possible) for choice in sync_choices(view)}


def test_sync_says_what_each_way_would_do():
    view = _view(live=_slots({0, 1, 4, 5}, {4, 5}), config=_slots({0, 1, 4, 6}, {4, 6}))
    assert _said(view) == {
        "config": ("Adds vCPU 5 to the configuration and removes vCPU 6 from it.", True),
        "live": ("Adds vCPU 6 to the running guest and removes vCPU 5 from it; the guest must let go.", True),
    }
    assert [choice.value for choice in sync_choices(view)] == ["sync config 5-6", "sync live 5-6"]


def test_sync_of_a_paused_guest_says_that_it_waits():
    view = _view(live=_slots({0, 4}, {4}), config=_slots({0}), paused=True)
    assert _said(view)["live"][0].endswith("web01 is paused: the removal waits until it is resumed.")
    assert "paused" not in _said(view)["config"][0]


def test_sync_that_cannot_be_says_why():
    view = _view(live=_slots({0, 1}), config=_slots({0}))
    sentence, possible = _said(view)["live"]
    assert not possible
    assert "was there when the guest booted" in sentence
    assert _said(view)["config"] == ("Adds vCPU 1 to the configuration.", True)
    assert not any(choice.possible for choice in sync_choices(_view(live=_slots({0, 1}), reachable=False)))


@pytest.mark.parametrize("fields", [{}, {"live": None, "running": False}, {"config": None}])
def test_sides_that_are_alike_or_missing_offer_no_sync(fields):
    assert sync_choices(_view(**fields)) == ()


def test_shortcut_tells_of_half_a_core_and_of_a_paused_guest():
    slots = _slots({0, 1, 4, 5}, {4, 5})
    view = _view(live=slots, config=slots, paused=True)
    add, remove = shortcuts(view, Topology(sockets=1, cores=4, threads=2))
    assert add.meanings[0].note == "Leaves one thread of core 1."
    assert remove.meanings[0].note == (
        "web01 is paused: the removal waits until it is resumed. Leaves one thread of core 2."
    )
    assert remove.meanings[1].note == "Leaves one thread of core 2."
    assert shortcuts(view, Topology(sockets=8))[0].meanings[0].note == ""
