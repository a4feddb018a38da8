from __future__ import annotations

import pytest

from domains.history.ledger import canonical
from domains.models import HistoryEntry
from domains.operations.said import of_entry

TIME = "2026-11-23T09:00:00.000000Z"
MAP = {"max": 8, "present": "0-3,5", "removable": "5"}


def live(**what):
    return {"side": "live", "appeared": "", "disappeared": "", **what}


def config(**what):
    return live(**what) | {"side": "config"}


def whole(**what):
    return {"side": None, **what}


def said(*effects, **body):
    facts = {
        "kind": "outside",
        "time": TIME,
        "host": "lab",
        "domain": {"name": "web01"},
        "effects": list(effects),
        **body,
    }
    return of_entry(HistoryEntry(kind="outside", body=canonical(facts)))


@pytest.mark.parametrize(
    ("effects", "sentence"),
    [
        ([live(appeared="5")], "vCPU 5 of web01 appeared live"),
        ([config(disappeared="5-6")], "vCPU 5-6 of web01 disappeared in config"),
        ([config(removable="1-3")], "vCPU 1-3 of web01 became removable in config"),
        ([config(fixed="3")], "vCPU 3 of web01 became fixed in config"),
        ([config(maximum=[8, 16])], "The maximum of web01 went from 8 to 16 in config"),
        (
            [live(appeared="5"), config(disappeared="4")],
            "Slots of web01: 5 appeared live; 4 disappeared in config",
        ),
        (
            [config(appeared="9", maximum=[8, 16])],
            "web01: vCPU 9 appeared in config; the maximum went from 8 to 16 in config",
        ),
        ([], "web01 changed"),
    ],
)
def test_changed_slots_are_told_side_by_side(effects, sentence):
    assert str(said(*effects)) == sentence
    assert said(*effects).why == ("changed outside Slotboard" if effects else "outside Slotboard")


@pytest.mark.parametrize(
    ("effects", "sentence"),
    [
        ([live(began="running")], "web01 was started"),
        ([live(began="paused")], "web01 was started"),
        ([live(ended="shut off")], "web01 stopped"),
        (
            [live(ended="crashed", lost="5")],
            "web01 stopped (crashed); vCPU 5, in the running guest only, is gone with it",
        ),
        (
            [live(ended="shut off", began="running", lost="5-6")],
            "web01 stopped and was started again; vCPU 5-6, in the running guest only, are gone with it",
        ),
        (
            [live(began="running"), config(appeared="9", maximum=[8, 16])],
            "web01 was started; vCPU 9 appeared in config; the maximum went from 8 to 16 in config",
        ),
        ([config(defined=True)], "web01 became persistent"),
        ([config(undefined=True)], "web01 became transient"),
    ],
)
def test_what_happened_to_the_guest_itself_is_told_first(effects, sentence):
    assert str(said(*effects)) == sentence
    assert said(*effects).why == "outside Slotboard"


@pytest.mark.parametrize(
    ("effects", "sentence"),
    [
        (
            [whole(arrived=True, known_on="hv2")],
            "web01 appeared on lab; hv2 has shown the same UUID, so it was",
        ),
        ([live(began="running"), config(defined=True), whole(returned=True)], "web01 came back to lab"),
        ([whole(returned=True, known_on="hv2")], "web01 came back to lab; hv2 has shown the same UUID"),
    ],
)
def test_guest_that_comes_is_told_with_its_host(effects, sentence):
    assert str(said(*effects)).startswith(sentence)


@pytest.mark.parametrize(
    ("before", "lost"),
    [
        (
            {"live": MAP, "config": {**MAP, "present": "0-3"}},
            ", and with it vCPU 0-3,5 live and vCPU 0-3 in config",
        ),
        ({"live": None, "config": MAP}, ", and with it vCPU 0-3,5 in config"),
        ({"live": None, "config": None}, ""),
    ],
)
def test_guest_that_is_gone_is_told_with_what_was_lost(before, lost):
    told = said(live(ended="gone", lost="5"), config(undefined=True), whole(gone=True), before=before)
    assert str(told) == f"web01 disappeared from lab{lost}"


def test_former_name_is_a_part_of_its_own():
    told = said(whole(renamed_from="old<b>"))
    assert (told.domain, told.sides, told.other) == ("web01", "was renamed from", "old<b>")
    assert str(told) == "web01 was renamed from old<b>"
    several = said(config(appeared="9"), whole(renamed_from="old01"))
    assert str(several) == "web01: vCPU 9 appeared in config; was renamed from old01"
