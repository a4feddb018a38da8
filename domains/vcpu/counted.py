"""Which slots "two more vCPUs" and "the two highest removable ones" mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from domains.vcpu import cpulist, units
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal, invalid
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, precondition, refusal
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView


def counted(view: DomainView, action: Action, count: int, sides: tuple[Side, ...]) -> list[int] | Refusal:
    """Find so many slots, the same for all sides, in the order in which they are to be changed.

    To add are those that ``first`` means, one after the other; to remove the highest ones that can be removed on all
    sides, live without a restart. Whole units, of which the count has to be a multiple. Finding fewer is a refusal.
    """
    if action not in (Action.ADD, Action.REMOVE):
        return invalid(f"A number of vCPUs does not go with {action.value.replace('_', ' ')}.")
    if count % view.unit_size:
        return invalid(
            f"{view.name} takes {view.unit_size} vCPUs at a time, a whole core; ask for a multiple."
        )
    if not view.specific and count == 1:  # which is what such a driver can do at most
        one = resolve(view, action, "first" if action is Action.ADD else "highest", sides)
        return one if isinstance(one, Refusal) else [one]
    refused = next(filter(None, (precondition(view, action, side) for side in sides)), None)
    if refused:
        return refused
    return (_lowest if action is Action.ADD else _highest)(view, count, sides)


def _lowest(view: DomainView, count: int, sides: tuple[Side, ...]) -> list[int] | Refusal:
    found: list[int] = []
    while len(found) < count:
        first = resolve(view, Action.ADD, "first", sides)
        if isinstance(first, Refusal):
            return _after(first, found) if first.reason is Reason.NO_ABSENT_SLOT else first
        unit = units.unit_of(first, view.unit_size)
        found += sorted(unit)
        view = _changed(view, unit, sides, present=True)
    return found


def _highest(view: DomainView, count: int, sides: tuple[Side, ...]) -> list[int] | Refusal:
    found: list[int] = []
    for unit in _removable(view, sides):
        found += sorted(unit)
        if len(found) >= count:
            return found
    return _after(Refusal(Reason.NOTHING_REMOVABLE, side=sides[0]), found)


def _removable(view: DomainView, sides: tuple[Side, ...]) -> Iterator[frozenset[int]]:
    """Go down the slots that are present on the side that counts, and give the units that can be removed."""
    slots = view.slots(sides[0])
    present = slots.present if slots else frozenset()
    for unit in reversed(units.split(present, view.unit_size)):
        looked = [refusal(view, Action.REMOVE, unit, side) for side in sides]
        others = [
            refused for refused in looked[1:] if refused and refused.reason is not Reason.ALREADY_ABSENT
        ]
        if looked[0] is None and not others:
            yield unit
            view = _changed(view, unit, sides, present=False)


def _after(refused: Refusal, found: list[int]) -> Refusal:
    return replace(refused, details={"after": cpulist.dump(found)}) if found else refused


def _changed(view: DomainView, ids: frozenset[int], sides: tuple[Side, ...], *, present: bool) -> DomainView:
    """Give the domain as it would be then."""

    def after(slots: SlotMap | None, side: Side) -> SlotMap | None:
        if slots is None or side not in sides:
            return slots
        if present:
            return replace(slots, present=slots.present | ids, removable=slots.removable | ids)
        return replace(slots, present=slots.present - ids, removable=slots.removable - ids)

    return replace(view, live=after(view.live, Side.LIVE), config=after(view.config, Side.CONFIG))
