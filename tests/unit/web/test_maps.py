from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.vcpu.slots import SlotMap
from domains.web import maps


def paths(svg: str) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for name, d in re.findall(r'<path class="(?:run )?(\w+)"[^>]* d="([^"]*)"', svg):
        out.setdefault(name, []).append(d)
    return out


def test_runs_of_equal_slots_are_one_stroke():
    slots = SlotMap(32, frozenset(range(8)), frozenset(range(4, 8)))
    drawn = paths(maps.draw(slots, slots))
    assert {name: sum(d.count("M") for d in parts) for name, parts in drawn.items()} == {
        "fixd": 2,
        "pres": 1,
        "conf": 1,
        "base": 1,
    }


def test_slot_that_an_operation_works_on_is_marked_in_place_of_its_card():
    slots = SlotMap(8, frozenset({0, 5}), frozenset({5}))
    drawn = paths(maps.draw(slots, slots, working={5: "waiting"}))
    assert "pres" not in drawn
    assert len(drawn["wait"]) == 1


@pytest.mark.parametrize("live", [None, SlotMap(4096, frozenset(range(2300)), frozenset(range(1, 2300)))])
def test_thousands_of_slots_stay_small(live):
    config = SlotMap(4096, frozenset(range(8)), frozenset())
    svg = maps.draw(live, config)
    assert len(svg) < 700
    assert "4096 slots" in svg


def test_guest_without_slots_has_an_empty_map():
    assert 'aria-label="0 slots: "' in maps.draw(None, None)


@given(
    count=st.integers(1, 600),
    live=st.none() | st.frozensets(st.integers(0, 599)),
    config=st.none() | st.frozensets(st.integers(0, 599)),
)
def test_any_map_is_well_formed_and_labelled_with_its_counts(count, live, config):
    def side(ids: frozenset[int] | None) -> SlotMap | None:
        if ids is None:
            return None
        present = frozenset(vcpu for vcpu in ids if vcpu < count)
        return SlotMap(count, present, present - {0})

    drawn = maps.draw(side(live), side(config))
    label = ET.fromstring(drawn).attrib["aria-label"]  # noqa: S314  # our own drawing
    shown = side(live)
    if shown is not None:
        assert f"{len(shown.present)} live" in label
    assert label.startswith(f"{count if live is not None or config is not None else 0} slots")
