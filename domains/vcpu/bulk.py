"""The checks for all slots of one side at once, where a slot is a unit of its own: a page draws thousands."""

from __future__ import annotations

from domains.vcpu.checks import Facts
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side

Reasons = dict[int, Reason]


def add_reasons(facts: Facts) -> Reasons:
    """Give for each slot what ``check_add`` says of it alone."""
    reasons = _below_the_last_fixed(facts, facts.slots.absent)
    reasons.update(dict.fromkeys(facts.slots.present, Reason.ALREADY_PRESENT))
    return reasons


def remove_reasons(facts: Facts) -> Reasons:
    """Give for each slot what ``check_remove`` says of it alone."""
    if facts.side is Side.CONFIG:
        reasons = _below_the_last_fixed(facts, facts.slots.present)
    else:
        reasons = dict.fromkeys(facts.fixed, Reason.NOT_REMOVABLE)
        if 0 in reasons:
            reasons[0] = Reason.VCPU0_FIXED
    reasons.update(dict.fromkeys(facts.slots.absent, Reason.ALREADY_ABSENT))
    return reasons


def make_removable_reasons(facts: Facts) -> Reasons:
    """Give for each slot what ``check_make_removable`` says of it alone."""
    reasons = dict.fromkeys(facts.slots.removable, Reason.ALREADY_REMOVABLE)
    reasons[0] = Reason.VCPU0_FIXED
    reasons.update(dict.fromkeys(facts.slots.absent, Reason.ALREADY_ABSENT))
    return reasons


def _below_the_last_fixed(facts: Facts, ids: frozenset[int]) -> Reasons:
    """What the configuration allows to no slot among ``ids`` but the last fixed one and those above it."""
    if facts.side is not Side.CONFIG:
        return {}
    last = facts.fixed[0] if facts.fixed else 0
    reasons = {vcpu: Reason.FOLLOWED_BY_FIXED for vcpu in ids if vcpu < last}
    if 0 in ids:
        reasons[0] = Reason.VCPU0_FIXED
    return reasons
