"""Which effects a request means, and in which order they are carried out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domains.models import Domain, Effect, Operation
from domains.vcpu import affect as affects
from domains.vcpu import units
from domains.vcpu.affect import Affect
from domains.vcpu.rules import Action, removable_set
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target
from domains.vcpu.view import DomainView

_TARGETS = {
    Action.ADD: Target.PRESENT,
    Action.REMOVE: Target.ABSENT,
    Action.MAKE_REMOVABLE: Target.REMOVABLE,
    Action.ONLINE: Target.ONLINE,
    Action.OFFLINE: Target.OFFLINE,
}
_GUEST = (Action.ONLINE, Action.OFFLINE)

Step = tuple[Side, Target, Iterable[int]]


def sides_of(action: Action, affect: Affect, *, running: bool) -> tuple[Side, ...]:
    """Say which sides an action changes: only add, remove and sync leave the choice to the request."""
    if action in _GUEST:
        return (Side.GUEST,)
    if action is Action.MAKE_REMOVABLE:
        return (Side.CONFIG,)
    return affects.sides(affect, running=running)


def deed_of(operation: Operation, effect: Effect) -> Action:
    """Say what one effect asks of the host: a sync is made of additions and removals."""
    if operation.action != Action.SYNC:
        return Action(operation.action)
    return Action.ADD if effect.target == Target.PRESENT else Action.REMOVE


def plan_slots(
    operation: Operation, ids: Sequence[int], sides: Sequence[Side], unit_size: int
) -> list[Effect]:
    """Lay out an addition or removal: slot by slot in the order asked, live before config, a unit in one step.

    The IDs of one unit may be named apart; they are changed together where the first of them stands. A unit
    that is named in part keeps to what was named, for the rules to refuse.
    """
    target = _TARGETS[Action(operation.action)]
    size = 1 if Side.GUEST in sides else unit_size
    return _effects(
        operation, ((side, target, sorted(unit)) for unit in _units_in_order(ids, size) for side in sides)
    )


def plan_removable(operation: Operation, ids: Sequence[int], view: DomainView) -> list[Effect]:
    """Lay out one call for the slots and every fixed one after the lowest of them: libvirt takes no less."""
    slots = frozenset(ids).union(*(removable_set(view, vcpu) for vcpu in ids))
    return _effects(operation, [(Side.CONFIG, Target.REMOVABLE, sorted(slots))])


def plan_sync(operation: Operation, domain: Domain, side: Side) -> list[Effect]:
    """Lay out what makes one side like the other: additions from below, then removals from above.

    The running guest is changed unit by unit, the configuration with one call for each kind. Empty where both
    sides are alike or one is missing.
    """
    live, config = domain.live_map, domain.config_map
    if live is None or config is None:
        return []
    mine, model = (live, config) if side is Side.LIVE else (config, live)
    wanted = frozenset(operation.vcpu) if operation.vcpu != "all" else mine.present ^ model.present
    steps: list[Step] = []
    for target, slots in (
        (Target.PRESENT, sorted(wanted & model.present)),
        (Target.ABSENT, sorted(wanted - model.present, reverse=True)),
    ):
        parts = _units_in_order(slots, domain.unit_size) if side is Side.LIVE else [slots] if slots else []
        steps.extend((side, target, sorted(part)) for part in parts)
    return _effects(operation, steps)


def _effects(operation: Operation, steps: Iterable[Step]) -> list[Effect]:
    return [
        Effect(
            operation=operation,
            domain_id=operation.domain_id,
            step=number,
            vcpu=vcpu,
            side=side,
            target=target,
        )
        for number, (side, target, slots) in enumerate(steps, 1)
        for vcpu in slots
    ]


def _units_in_order(ids: Sequence[int], unit_size: int) -> list[frozenset[int]]:
    parts = units.split(ids, unit_size)
    return sorted(parts, key=lambda part: min(ids.index(vcpu) for vcpu in part))
