"""Operations that end, or go back into the queue, without a call; and who is to be rung for next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction

from domains.history import record
from domains.hypervisor.errors import ConnectionLost, GatewayError, UnknownOutcome
from domains.models import Domain, Effect, EffectState, Operation, Status, clock, statements
from domains.models.revision import next_revision
from domains.operations import places
from domains.operations.claim import Claim, locked
from domains.operations.places import SETTLING
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side

# Before anything was asked, a broken connection is no more than a host out of reach.
_REASON_BEFORE = {ConnectionLost: Reason.HOST_UNREACHABLE, UnknownOutcome: Reason.DOMAIN_BUSY}


def fail(claimed: Claim, reason: Reason, message: str = "") -> None:
    """End an operation of which nothing, or nothing more, can be carried out. Raises ``Fenced``."""
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        words = message or sentence(reason, domain=operation.domain_name, vcpu=_only_vcpu(operation))
        if operation.effects.exclude(state=EffectState.PENDING).exists():
            # Asked for and not done: beside something that was, a mere skip would pass for success.
            operation.effects.filter(state=EffectState.PENDING).update(
                state=EffectState.FAILED, reason=reason, settled_at=datetime.now(UTC)
            )
            if operation.asking:  # in vain: what was waited for before is waited for as before
                operation.asking = False
                operation.effects.filter(state=EffectState.WAITING, applied_at=None).update(
                    applied_at=clock.now()
                )
            record.conclude(operation, "failed", revision=revision, held=False, message=words)
        else:
            record.fail(operation, reason, words, revision=revision)


class PutBack(Exception):
    """The operation went back into the queue; the sweep will ring for it, so nobody should do so at once."""


def not_asked(claimed: Claim, error: GatewayError) -> None:
    """The host failed before anything was asked of it: fail, or wait for it if that was wished and is not over yet.

    Raises :class:`PutBack` in the latter case, or ``Fenced``.
    """
    reason = _REASON_BEFORE.get(type(error), error.reason)
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        patient = datetime.now(UTC) - operation.created_at < settings.QUEUE_PATIENCE
        put_back = operation.queue_if_unreachable and reason is Reason.HOST_UNREACHABLE and patient
        if put_back:
            operation.status, operation.worker, operation.lease_until = Status.QUEUED, "", None
            words = sentence(
                reason, domain=operation.domain_name, vcpu=_only_vcpu(operation), text=error.text
            )
            told = {"reason": str(reason), "message": words}
            record.write(operation, "put_back", revision=revision, extra=told)
    if put_back:
        raise PutBack
    vcpu = _only_vcpu(operation)
    fail(claimed, reason, sentence(reason, domain=operation.domain_name, vcpu=vcpu, text=error.text))


def leave_until(claimed: Claim, moment: datetime) -> None:
    """Leave an operation alone until a look at its domain can tell what became of it. Raises ``Fenced``."""
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        operation.worker, operation.lease_until = SETTLING, moment
        record.save(operation, revision=revision)


def waiting_domains(domain_id: int) -> list[int]:
    """Give the domains to ring for after a step: this one if it has more to do, and those for which its host now
    has a place, the oldest request first.
    """
    due = statements.exists(Operation, domain=domain_id, status=Status.QUEUED) or statements.exists(
        Operation, domain=domain_id, status=Status.RUNNING, worker=""
    )
    rings = [domain_id] if due else []
    domain = statements.first(Domain, pk=domain_id)
    if domain is None:
        return rings  # removed meanwhile
    if held_up := places.held_up(domain.host_id):
        rings += held_up[: places.free(domain.host_id, clock.now())]
    return list(dict.fromkeys(rings))


def supersede(operation: Operation, effects: list[Effect], revision: int) -> None:
    """End older questions about the same slots: what is seen from now on answers this request."""
    if not statements.exists(Effect, domain=operation.domain_id, state=EffectState.UNCONFIRMED):
        return  # as nearly always
    for effect in effects:
        older = Effect.objects.filter(
            domain=effect.domain_id, vcpu=effect.vcpu, side=effect.side, state=EffectState.UNCONFIRMED
        ).exclude(operation=operation)
        for old in older:
            old.state, old.reason, old.settled_at = EffectState.FAILED, Reason.SUPERSEDED, datetime.now(UTC)
            old.save(update_fields=["state", "reason", "settled_at"])
            if (
                old.side == Side.LIVE
            ):  # the config half waited with it; alone overtaken, it takes no live one along
                halves = old.operation.effects.filter(vcpu=old.vcpu, state=EffectState.UNCONFIRMED)
                drop(old.operation, halves, Reason.SUPERSEDED)
            newer = {"superseded_by": operation.pk}
            record.conclude(old.operation, "superseded", revision=revision, held=False, extra=newer)


def drop(
    operation: Operation, effects: Iterable[Effect], reason: Reason, now: datetime | None = None
) -> None:
    """Give effects up that are not to be carried out any more, for this reason."""
    chosen = [effect.pk for effect in effects]
    operation.effects.filter(pk__in=chosen).update(
        state=EffectState.SKIPPED, reason=reason, settled_at=now or datetime.now(UTC)
    )


def _only_vcpu(operation: Operation) -> int | None:
    return operation.vcpu[0] if isinstance(operation.vcpu, list) and len(operation.vcpu) == 1 else None
