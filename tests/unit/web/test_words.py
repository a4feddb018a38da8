from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domains.operations.said import vcpu_words
from domains.vcpu.slots import SlotMap
from domains.vcpu.targets import Target
from domains.vcpu.view import DomainView
from domains.web.numbers import read_number
from domains.web.shortcuts import expected, shortcuts
from domains.web.slots import Wiring, Work, slot_views
from domains.web.tags import took, when

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
        ("age", 'data-age="23 Nov 09:07 UTC"'),
    ],
)
def test_times_are_told_in_utc(form, words):
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    assert words in when(elsewhere, form)
    assert 'datetime="2024-11-23T09:07:38.214+00:00"' in when(elsewhere, form)
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
    assert slots[9].can == "config"


def test_guest_that_is_off_differs_in_nothing():
    slots = slot_views(_view(live=None, running=False), WIRING, [])
    assert {slot.state for slot in slots} == {""}
    assert slots[4].label == "vCPU 4: present in config"
    assert "Live: the guest is not running." in slots[4].about
