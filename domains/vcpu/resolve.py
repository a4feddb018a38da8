"""Which slot ``first`` and ``highest`` mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from domains.vcpu import counting
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal, invalid
from domains.vcpu.rules import Action, expand, precondition, refusal
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView

Wanted = Literal["first", "highest"]


def resolve(view: DomainView, action: Action, wanted: Wanted, sides: tuple[Side, ...]) -> int | Refusal:
    """Find the slot that is meant, or say why there is none. One slot serves all sides.

    ``first`` (with add) is the lowest absent slot on the changed side, with both sides the lowest absent on
    both. ``highest`` (with remove) is the highest present one, with both sides the highest present live; if
    it cannot be removed that is a refusal which names it, never a silent choice of another. With a driver that
    can only count there is an answer where a count changes exactly that slot. Where slots are plugged in units the answer is the first slot of a whole unit, to be widened with ``expand``.
    """
    if (action, wanted) not in ((Action.ADD, "first"), (Action.REMOVE, "highest")):
        return invalid(f"“{wanted}” does not go with {action.value}.")
    maps: list[tuple[Side, SlotMap]] = []
    able = replace(view, specific=True)  # a count may do where no ID can be chosen
    for side in sides:
        refused = precondition(able, action, side)
        if refused:
            return refused
        slots = view.slots(side)
        if slots is not None:
            maps.append((side, slots))
    if not maps:
        return invalid("Name at least one side.")
    if not view.specific:
        return counting.find(maps, adding=action is Action.ADD)
    return _first(view, maps) if action is Action.ADD else _highest(view, maps)


def _first(view: DomainView, maps: list[tuple[Side, SlotMap]]) -> int | Refusal:
    absent = frozenset.intersection(*(slots.absent for _, slots in maps))
    for vcpu in sorted(absent):
        if vcpu % view.unit_size or not expand(view, vcpu) <= absent:
            continue
        for side, _ in maps:
            refused = refusal(view, Action.ADD, expand(view, vcpu), side)
            if refused:
                return refused
        return vcpu
    return Refusal(Reason.NO_ABSENT_SLOT, side=maps[0][0] if len(maps) == 1 else None)


def _highest(view: DomainView, maps: list[tuple[Side, SlotMap]]) -> int | Refusal:
    side, slots = next(((side, slots) for side, slots in maps if side is Side.LIVE), maps[0])
    highest = max(slots.present, default=0)
    unit = expand(view, highest)
    if 0 in unit:
        return Refusal(Reason.NOTHING_REMOVABLE, side=side)
    for asked, _ in maps:
        refused = refusal(view, Action.REMOVE, unit, asked)
        if refused is None or (refused.reason is Reason.ALREADY_ABSENT and asked is not side):
            continue  # a side that already is as asked is skipped, and the other is carried out
        if refused.reason is Reason.NOT_REMOVABLE:
            return _not_removable(highest, slots)
        return refused
    return min(unit)


def _not_removable(highest: int, slots: SlotMap) -> Refusal:
    other = max(slots.removable, default=None)
    if other is None:
        return Refusal(Reason.NOTHING_REMOVABLE, side=Side.LIVE)
    return Refusal(Reason.NOT_REMOVABLE, highest, Side.LIVE, {"highest_removable": other})
