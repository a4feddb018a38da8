"""Which effects a request means, and in which order they are carried out."""

from __future__ import annotations

from collections.abc import Sequence

from domains.models import Effect, Operation
from domains.vcpu import units
from domains.vcpu.rules import Action
from domains.vcpu.slots import Side


def plan_effects(
    operation: Operation, ids: Sequence[int], sides: Sequence[Side], unit_size: int
) -> list[Effect]:
    """Lay out the steps: slot by slot in the order asked, live before config, a whole unit in one step.

    The IDs of one unit may be named apart; they are changed together where the first of them stands. A unit
    that is named in part keeps to what was named, for the rules to refuse.
    """
    effects: list[Effect] = []
    step = 0
    for unit in _units_in_order(ids, unit_size):
        for side in sides:
            step += 1
            effects.extend(
                Effect(
                    operation=operation,
                    domain_id=operation.domain_id,
                    step=step,
                    vcpu=vcpu,
                    side=side,
                    present=operation.action == Action.ADD,
                )
                for vcpu in sorted(unit)
            )
    return effects


def _units_in_order(ids: Sequence[int], unit_size: int) -> list[frozenset[int]]:
    parts = units.split(ids, unit_size)
    return sorted(parts, key=lambda part: min(ids.index(vcpu) for vcpu in part))
