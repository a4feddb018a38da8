from __future__ import annotations

from dataclasses import replace

import pytest

from domains.vcpu.hints import slot_hints, warnings
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView

SLOTS = SlotMap(8, frozenset({0, 1, 4, 5}), frozenset({4, 5}))
WEB01 = DomainView(
    name="web01", running=True, paused=False, persistent=True, live=SLOTS, config=SLOTS, agent=True
)


def codes(view: DomainView, side: Side, **more: object) -> dict[int, list[str]]:
    found = slot_hints(view, side, **more)  # type: ignore[arg-type]
    return {vcpu: [hint.code for hint in hints] for vcpu, hints in found.items()}


@pytest.mark.parametrize(
    ("change", "code"), [({"paused": True}, "guest_paused"), ({"booting": True}, "guest_not_ready")]
)
def test_what_delays_a_removal_stands_at_the_slots_that_could_be_removed_live(change, code):
    view = replace(WEB01, **change)
    assert codes(view, Side.LIVE) == {4: [code], 5: [code]}
    assert codes(view, Side.CONFIG) == {}


def test_guest_at_ease_gives_no_hint():
    assert codes(WEB01, Side.LIVE) == codes(WEB01, Side.GUEST) == {}


def test_open_effect_is_told_with_its_operation_on_its_own_side_only():
    busy = {(2, Side.LIVE): 17}
    assert codes(WEB01, Side.CONFIG, busy=busy) == {}
    (hint,) = slot_hints(WEB01, Side.LIVE, busy=busy)[2]
    assert hint.code == "operation_open"
    assert hint.message.endswith("It is operation 17.")


def test_reader_who_may_only_look_is_told_at_every_slot():
    found = codes(replace(WEB01, paused=True), Side.LIVE, changeable=False)
    assert found.keys() == set(range(8))
    assert found[4] == ["guest_paused", "not_permitted"]
    assert codes(replace(WEB01, config=None), Side.CONFIG, changeable=False) == {}


@pytest.mark.parametrize(("cpus", "told"), [(None, False), (4, False), (3, True), (1, True)])
def test_more_vcpus_than_the_host_has_cpus_is_a_warning(cpus, told):
    found = warnings(WEB01, cpus=cpus, unmarked=frozenset())
    assert [warning.code for warning in found] == (["more_than_host_cpus"] if told else [])
    assert all(f"its host only {cpus} CPU" in warning.message for warning in found)


def test_unmarked_slots_are_a_warning_that_names_them():
    (warning,) = warnings(WEB01, cpus=8, unmarked=frozenset({6, 7}))
    assert warning.to_json()["code"] == "unmarked_slots"
    assert "vCPU 6-7 of web01" in warning.message
