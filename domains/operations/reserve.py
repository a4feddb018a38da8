"""Reserving slots: at most one open effect for a slot and side, which the database sees to."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from domains.history import record
from domains.models import OPEN, Domain, Effect, Operation
from domains.operations.change import Change
from domains.operations.plan import plan_slots
from domains.vcpu import affect as affects
from domains.vcpu.affect import Affect
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action
from domains.vcpu.sentences import sentence


def reserve(operation: Operation, domain: Domain, change: Change) -> Operation | None:
    """Create the effects that are certain already. Returns the operation that is in the way, if one is."""
    certain = change.action in (Action.ADD, Action.REMOVE) and change.affect is not Affect.CURRENT
    if not certain or not isinstance(change.vcpu, list):
        return None
    effects = plan_slots(
        operation, change.vcpu, affects.sides(change.affect, running=domain.running), domain.unit_size
    )
    return claim_slots(effects)


def claim_slots(effects: list[Effect]) -> Operation | None:
    """Store the effects, or give the operation that already has an open effect on one of their slots."""
    try:
        with transaction.atomic():
            Effect.objects.bulk_create(effects)
    except IntegrityError:
        for effect in effects:
            open_one = (
                Effect.objects.filter(domain=effect.domain_id, vcpu=effect.vcpu, side=effect.side)
                .filter(state__in=OPEN)
                .select_related("operation")
                .first()
            )
            if open_one:
                return open_one.operation
        raise
    return None


def collide(operation: Operation, blocker: Operation, *, revision: int) -> None:
    """End a request that met an open one: it changed nothing, and names the other."""
    words = sentence(
        Reason.OPERATION_OPEN,
        domain=operation.domain_name,
        vcpu=operation.vcpu[0] if len(operation.vcpu) == 1 else None,
        operation=blocker.pk,
    )
    who = "You" if blocker.actor == operation.actor else blocker.actor
    record.fail(operation, Reason.OPERATION_OPEN, f"{words} {who} asked for it.", revision=revision)
