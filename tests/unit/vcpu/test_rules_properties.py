"""The rules held against a transcription of libvirt's own checks, for random domains."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domains.vcpu.affect import Affect, sides
from domains.vcpu.reasons import Reason
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, Refusal, expand, refusal, removable_set, slot_reasons
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView
from tests import qemu_rules
from tests.qemu_rules import CONFIG, LIVE, Machine, QemuError, Vcpu

FLAG = {Side.LIVE: LIVE, Side.CONFIG: CONFIG}
STATE = {Action.ADD: 1, Action.REMOVE: 0}
CODES = {
    Reason.ALREADY_PRESENT: {8},
    Reason.ALREADY_ABSENT: {8},
    Reason.OUT_OF_RANGE: {8},
    Reason.PARTIAL_UNIT: {8},
    Reason.FOLLOWED_BY_FIXED: {8},
    Reason.VCPU0_FIXED: {8, 84},
    Reason.NOT_REMOVABLE: {84},
    Reason.HOTPLUG_UNSUPPORTED: {84, 8},  # said first of all here, whatever the slot
    Reason.INVALID_REQUEST: {84},
    Reason.DOMAIN_NOT_RUNNING: {55},
    Reason.DOMAIN_NOT_PERSISTENT: {55},
}
# On the configuration libvirt is silent about these: nothing would change, or the guest would not start any more.
STRICTER = {Reason.ALREADY_PRESENT, Reason.ALREADY_ABSENT, Reason.PARTIAL_UNIT, Reason.HOTPLUG_UNSUPPORTED}


@st.composite
def slot_maps(draw: st.DrawFn, unit: int) -> SlotMap:
    """Any map in which slot 0's unit is present and fixed, as QEMU demands."""
    count = draw(st.integers(1, 6))
    present, removable = set(range(unit)), set()
    for number in range(1, count):
        kind = draw(st.sampled_from(["absent", "fixed", "removable"]))
        ids = range(number * unit, (number + 1) * unit)
        present |= set(ids) if kind != "absent" else set()
        removable |= set(ids) if kind == "removable" else set()
    return SlotMap(count * unit, frozenset(present), frozenset(removable))


@st.composite
def views(draw: st.DrawFn) -> DomainView:
    unit = draw(st.sampled_from([1, 1, 1, 4]))
    live = draw(st.none() | slot_maps(unit))
    config = draw(slot_maps(unit) if live is None else st.none() | slot_maps(unit))
    return DomainView(
        name="web01",
        running=live is not None,
        paused=draw(st.booleans()),
        persistent=config is not None,
        live=live,
        config=config,
        unit_size=unit,
        hotplug=draw(st.sampled_from([True, True, True, False])),
    )


def machine_of(view: DomainView) -> Machine:
    def vcpus(slots: SlotMap | None) -> list[Vcpu] | None:
        if slots is None:
            return None
        return [
            Vcpu(number in slots.present, number in slots.removable or number not in slots.present)
            for number in range(slots.maximum)
        ]

    return Machine(vcpus(view.live), vcpus(view.config), view.unit_size, view.hotplug)


def answer(view: DomainView, ids: frozenset[int], action: Action, flags: int) -> int | None:
    """libvirt's code for this call, None if it takes it."""
    try:
        qemu_rules.check(machine_of(view), set(ids), STATE[action], flags)
    except QemuError as error:
        return error.code
    return None


ids_near = st.frozensets(st.integers(0, 26), min_size=1, max_size=5)
one_call = st.sampled_from([Action.ADD, Action.REMOVE])
one_side = st.sampled_from([Side.LIVE, Side.CONFIG])


@settings(max_examples=400)
@given(views(), one_call, one_side, ids_near | st.integers(0, 26).map(lambda vcpu: frozenset({vcpu})))
def test_refusal_agrees_with_libvirt(view, action, side, ids):
    refused = refusal(view, action, ids, side)
    code = answer(view, ids, action, FLAG[side])
    if refused is None:
        assert code is None
    elif code is None:
        assert side is Side.CONFIG
        assert refused.reason in STRICTER
    else:
        assert code in CODES[refused.reason]
    if refused is not None:
        assert refused.sentence(view.name).endswith((".", "4-7", "8-11"))


@settings(max_examples=400)
@given(views(), one_call, one_side, st.integers(0, 26))
def test_refusal_of_a_whole_unit_agrees_with_libvirt(view, action, side, vcpu):
    ids = expand(view, vcpu)
    refused, code = refusal(view, action, ids, side), answer(view, ids, action, FLAG[side])
    assert refused is not None or code is None
    if refused is not None and code is None:
        assert refused.reason in STRICTER - {Reason.PARTIAL_UNIT}


@settings(max_examples=400)
@given(views(), one_call, st.sampled_from(list(Affect)))
def test_resolve_finds_the_slot_that_is_meant_or_refuses(view, action, affect):
    asked = sides(affect, running=view.running)
    found = resolve(view, action, "first" if action is Action.ADD else "highest", asked)
    maps = [view.slots(side) for side in asked]
    if isinstance(found, Refusal):
        assert not _could_have_been(view, action, asked)
        return
    unit = expand(view, found)
    # Each side is a call of its own, and one that already is as asked is left out.
    for side in asked:
        if action is Action.ADD or unit & view.slots(side).present:
            assert answer(view, unit, action, FLAG[side]) is None
    if action is Action.ADD:
        assert all(not unit & slots.present for slots in maps)
        for lower in range(0, found, view.unit_size):
            assert any(lower in slots.present for slots in maps)
    else:
        assert max(maps[0].present) in unit


def _could_have_been(view: DomainView, action: Action, asked: tuple[Side, ...]) -> bool:
    """Whether the slot that the words mean was there and libvirt would have taken it on every side."""
    maps = [view.slots(side) for side in asked]
    if None in maps or not view.hotplug:
        return False
    if action is Action.ADD:
        smallest = min(slots.maximum for slots in maps)
        whole = [
            vcpu
            for vcpu in range(0, smallest, view.unit_size)
            if not any(expand(view, vcpu) & slots.present for slots in maps)
        ]
        meant = whole[0] if whole else None
    else:
        meant = max(maps[0].present)
        meant -= meant % view.unit_size
    if meant is None:
        return False
    flags = sum(FLAG[side] for side in asked)
    return answer(view, expand(view, meant), action, flags) is None


@settings(max_examples=300)
@given(views(), st.sampled_from([Action.ADD, Action.REMOVE, Action.MAKE_REMOVABLE, Action.SYNC]), one_side)
def test_slot_reasons_are_what_refusal_says_of_each_unit(view, action, side):
    slots = view.slots(side) or view.live or view.config
    expected = {}
    for vcpu in range(slots.maximum):
        refused = refusal(view, action, expand(view, vcpu), side)
        if refused:
            expected[vcpu] = refused.reason
    found = slot_reasons(view, action, side)
    if action is Action.SYNC:
        assert found.keys() == expected.keys()
    else:
        assert found == expected


@settings(max_examples=300)
@given(views(), st.integers(0, 26))
def test_make_removable_is_taken_by_libvirt_in_one_call(view, vcpu):
    if refusal(view, Action.MAKE_REMOVABLE, expand(view, vcpu), Side.CONFIG) is None:
        ids = removable_set(view, vcpu)
        assert answer(view, ids, Action.ADD, CONFIG) is None
        assert ids <= view.config.present
        machine = machine_of(view)
        qemu_rules.apply(machine.config, set(ids), 1)
        assert machine.config[vcpu].hotpluggable
