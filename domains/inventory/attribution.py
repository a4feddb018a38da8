"""Whose doing a difference is: one of our operations, or somebody outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from domains.history import record
from domains.inventory.leases import Fence, check
from domains.inventory.maps import Maps, maps_json
from domains.inventory.outside import claims_of, other_host, outside_changes, record_outside
from domains.models import OPEN, Domain, Effect, EffectState, Operation, Status, clock, statements
from domains.models.domain import ACTIVE_STATES
from domains.models.revision import next_revision
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target

_ASKED = (EffectState.WAITING, EffectState.UNCONFIRMED)
# Given up, though the guest was asked and may still let go.
_GIVEN_UP = {"state": EffectState.FAILED, "reason": (Reason.GUEST_REFUSED, Reason.SUPERSEDED)}


def asked(domain: Domain) -> bool:
    """Whether there are open questions about a domain whose answer the next reading may hold."""
    return statements.exists(Effect, domain=domain.pk, state=_ASKED)


def attribute(before: Domain, after: Domain, *, revision: int) -> bool:
    """Settle what the new reading answers, and record the rest as seen from outside.

    To be called in the transaction that wrote ``after`` over ``before``. An effect that is being applied is
    left to its worker. Returns whether a worker has something to do now.
    """
    new = Maps.of(after)
    same_run = before.run == after.run and after.state in ACTIVE_STATES
    effects = statements.select(Effect, domain=after.pk, state=(EffectState.APPLYING, *_ASKED))
    effects += statements.select(
        Effect, domain=after.pk, side=Side.LIVE, target=Target.ABSENT, run=after.run, **_GIVEN_UP
    )
    claims = claims_of(effect for effect in effects if _is_newest(effect))
    ring = False
    for operation_id in sorted({effect.operation_id for effect in effects}):
        mine = [effect for effect in effects if effect.operation_id == operation_id]
        ring |= _settle(operation_id, mine, new, after, revision=revision, same_run=same_run)
    changes = outside_changes(before, after, claims)
    if changes:
        record_outside(before, after, changes)
    return ring


def arrive(domain: Domain) -> None:
    """Record a domain that its host shows for the first time if another host has shown it: it moved, or was copied.

    Any other that is new is no change, but the beginning of what is known of it. To be called in the
    transaction that wrote the domain.
    """
    if other_host(domain):
        record_outside(None, domain, outside_changes(None, domain))


def guest_refused(
    domain_id: int, vcpu: int, text: str, *, ago: timedelta = timedelta(0), fence: Fence | None = None
) -> None:
    """Settle a removal that the guest was heard to refuse so long ``ago``.

    One that is being applied is left to its worker, with the refusal noted on its effects.
    """
    heard = clock.now() - ago  # the clock is asked before any lock is waited for
    with transaction.atomic():
        if fence:
            check(fence)
        revision = next_revision()
        removals = Effect.objects.filter(domain=domain_id, vcpu=vcpu, side=Side.LIVE, target=Target.ABSENT)
        unsettled = removals.filter(state__in=(EffectState.APPLYING, *_ASKED))
        effect = unsettled.exclude(applied_at__gt=heard).first()  # what was asked later is not answered by it
        if effect is None:
            return
        operation = effect.operation
        if effect.state == EffectState.APPLYING:
            # A host may tell of one refusal twice; the first word says more.
            unheard = operation.effects.filter(step=effect.step).exclude(reason=Reason.GUEST_REFUSED)
            unheard.filter(state=EffectState.APPLYING).update(reason=Reason.GUEST_REFUSED, libvirt_text=text)
            return
        unit = list(operation.effects.filter(step=effect.step, state__in=_ASKED))  # refused as a whole
        for asked in unit:
            _fail(asked, Reason.GUEST_REFUSED, text)
        operation.effects.filter(state__in=_ASKED, vcpu__in=[asked.vcpu for asked in unit]).update(
            state=EffectState.SKIPPED, reason=Reason.GUEST_REFUSED, settled_at=datetime.now(UTC)
        )
        _stop_asking(operation)
        record.conclude(operation, "failed", revision=revision, held=operation.status == Status.RUNNING)


def _settle(
    operation_id: int, effects: list[Effect], new: Maps, domain: Domain, *, revision: int, same_run: bool
) -> bool:
    live = [e for e in effects if e.side == Side.LIVE and e.state != EffectState.APPLYING]
    if not live:
        return False
    operation = Operation.objects.get(pk=operation_id)
    held = operation.status == Status.RUNNING
    if any(e.run != domain.run or not same_run for e in live if e.state in _ASKED):
        _end_run(operation)
        _stop_asking(operation)
        record.conclude(operation, "failed", revision=revision, held=held)
        return False
    landed = [e for e in live if same_run and new.reached(e) and _is_newest(e)]
    if not landed:
        return False
    for effect in landed:
        effect.state, effect.late, effect.reason = EffectState.DONE, True, ""
        effect.settled_at = datetime.now(UTC)
        effect.save(update_fields=["state", "late", "reason", "settled_at"])
    _release_halves(operation, [effect.vcpu for effect in landed])
    operation.after = maps_json(domain)
    _stop_asking(operation)
    record.conclude(operation, "late", revision=revision, held=held, landed=landed)
    return operation.status == Status.QUEUED


def _release_halves(operation: Operation, vcpus: list[int]) -> None:
    """Have the config halves of what landed carried out, but for slots that a newer operation works on."""
    given_up = Q(state=EffectState.SKIPPED, reason__in=(Reason.GUEST_REFUSED, Reason.SUPERSEDED))
    halves = operation.effects.filter(Q(state__in=_ASKED) | given_up, side=Side.CONFIG, vcpu__in=vcpus)
    newer = Effect.objects.filter(
        domain=operation.domain_id, side=Side.CONFIG, state__in=OPEN, vcpu__in=vcpus
    )
    taken = list(newer.exclude(operation=operation).values_list("vcpu", flat=True))
    halves.filter(vcpu__in=taken).update(
        state=EffectState.SKIPPED, reason=Reason.SUPERSEDED, settled_at=datetime.now(UTC)
    )
    halves.exclude(vcpu__in=taken).update(state=EffectState.PENDING, reason="", settled_at=None)


def _end_run(operation: Operation) -> None:
    """The guest stopped before it let go: the question has no answer, and the config half is not applied."""
    now = datetime.now(UTC)
    asked = operation.effects.filter(state__in=_ASKED)
    asked.filter(side=Side.LIVE).update(state=EffectState.FAILED, reason=Reason.RUN_ENDED, settled_at=now)
    asked.filter(side=Side.CONFIG).update(state=EffectState.SKIPPED, reason=Reason.RUN_ENDED, settled_at=now)


def _stop_asking(operation: Operation) -> None:
    """Where nothing is waited for any more, nothing is asked for again either."""
    operation.asking &= operation.to_ask_again().exists()


def _is_newest(effect: Effect) -> bool:
    """Whether nothing was done since about the same slot and side; only what was given up can be overtaken.

    A younger request that came to nothing leaves the older one's question as it was.
    """
    if effect.state != EffectState.FAILED:
        return True
    newer = Effect.objects.filter(
        domain=effect.domain_id, vcpu=effect.vcpu, side=effect.side, pk__gt=effect.pk
    ).exclude(operation=effect.operation_id)
    carried_out = Q(state__in=(EffectState.APPLYING, *_ASKED, EffectState.DONE))
    given_up = Q(state=_GIVEN_UP["state"], reason__in=_GIVEN_UP["reason"])
    return not newer.filter(carried_out | given_up).exists()


def _fail(effect: Effect, reason: Reason, text: str) -> None:
    effect.state, effect.reason, effect.libvirt_text = EffectState.FAILED, reason, text
    effect.settled_at = datetime.now(UTC)
    effect.save(update_fields=["state", "reason", "libvirt_text", "settled_at"])
