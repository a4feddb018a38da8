"""After the call: what was seen decides, and is written down together with the operation's new status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from domains.history import record
from domains.hypervisor.errors import ChangeRejected, ConnectionLost, GatewayError, UnknownOutcome
from domains.inventory.attribution import maps_json
from domains.models import Domain, Effect, EffectState, Operation, Status, clock
from domains.models.revision import next_revision
from domains.operations.claim import Claim, locked
from domains.operations.judge import Verdict, judge, judge_dead
from domains.push.stream import publish
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action, refusal
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side

# libvirtd finishes a call whose client is gone, and may wait 30 s for the domain's lock and 10 s for the guest.
CALL_OVER = timedelta(seconds=45)
GRACE = timedelta(seconds=10)

# Before anything was asked, a broken connection is no more than a host out of reach.
_REASON_BEFORE = {ConnectionLost: Reason.HOST_UNREACHABLE, UnknownOutcome: Reason.DOMAIN_BUSY}
_KIND = {
    EffectState.DONE: "confirmed",
    EffectState.WAITING: "waiting",
    EffectState.FAILED: "failed",
    EffectState.SKIPPED: "skipped",
}


def settle_step(
    claimed: Claim, before: Domain, after: Domain, effects: list[Effect], error: GatewayError | None
) -> None:
    """Conclude a call that came back. Raises ``Fenced``."""
    verdicts = {effect.pk: _verdict(effect, before, after, error) for effect in effects}
    if isinstance(error, ChangeRejected) and error.reason is Reason.HYPERVISOR_ERROR:
        exact = _exact_reason(claimed, before, effects)
        verdicts = {
            pk: Verdict(v.state, exact or v.reason) if v.reason is Reason.HYPERVISOR_ERROR else v
            for pk, v in verdicts.items()
        }
    _conclude(claimed, after, effects, verdicts, error)


def settle_dead(claimed: Claim, domain: Domain, read_at: datetime) -> None:
    """Conclude a call whose worker died, by what was read at ``read_at``; or leave it until that is telling.

    Raises ``Fenced``.
    """
    effects = list(Effect.objects.filter(operation=claimed.operation_id, state=EffectState.APPLYING))
    telling_at = max(_telling_at(effect, domain) for effect in effects)
    verdicts: dict[int, Verdict] = {}
    for effect in effects:
        verdict = judge_dead(
            side=Side(effect.side),
            present=effect.present,
            shown=_shown(effect, domain),
            same_run=_same_run(effect, domain),
            paused=domain.state == "paused",
            due=read_at >= telling_at,
        )
        if verdict is None:
            _leave_until(claimed, telling_at)
            return
        verdicts[effect.pk] = verdict
    _conclude(claimed, domain, effects, verdicts, None, kind="settled")


def fail(claimed: Claim, reason: Reason, message: str = "") -> None:
    """End an operation of which nothing, or nothing more, can be carried out. Raises ``Fenced``."""
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        words = message or sentence(reason, domain=operation.domain_name, vcpu=_only_vcpu(operation))
        if operation.effects.exclude(state=EffectState.PENDING).exists():
            _drop(operation, operation.effects.filter(state=EffectState.PENDING), reason)
            record.conclude(operation, "failed", revision=revision, held=False, message=words)
        else:
            record.fail(operation, reason, words, revision=revision)


class PutBack(Exception):
    """The operation went back into the queue; the sweep will ring for it, so nobody should do so at once."""


def not_asked(claimed: Claim, error: GatewayError) -> None:
    """The host failed before anything was asked of it: fail, or wait for it if that was wished.

    Raises :class:`PutBack` in the latter case, or ``Fenced``.
    """
    reason = _REASON_BEFORE.get(type(error), error.reason)
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        put_back = operation.queue_if_unreachable and reason is Reason.HOST_UNREACHABLE
        if put_back:
            operation.status, operation.worker, operation.lease_until = Status.QUEUED, "", None
            record.save(operation, revision=revision)
            publish(f"operation:{operation.pk}", revision)
    if put_back:
        raise PutBack
    vcpu = _only_vcpu(operation)
    fail(claimed, reason, sentence(reason, domain=operation.domain_name, vcpu=vcpu, text=error.text))


def reading_begins() -> datetime:
    """Note when a reading begins, by the database's clock."""
    return clock.now()


def waiting_domains(domain_id: int) -> set[int]:
    """Give the domains to ring for after a step: this one if it has more to do, and one its host held up."""
    mine = Operation.objects.filter(domain=domain_id)
    due = mine.filter(status=Status.QUEUED) | mine.filter(status=Status.RUNNING, worker="")
    rings = {domain_id} if due.exists() else set()
    host = Domain.objects.values_list("host", flat=True).get(pk=domain_id)
    held_up = (
        Operation.objects.filter(host=host, status=Status.QUEUED, domain__isnull=False)
        .exclude(domain__operations__status=Status.RUNNING)
        .order_by("pk")
        .values_list("domain", flat=True)
        .first()
    )
    return rings | ({held_up} if held_up else set())


def _conclude(
    claimed: Claim,
    domain: Domain,
    effects: list[Effect],
    verdicts: dict[int, Verdict],
    error: GatewayError | None,
    *,
    kind: str = "",
) -> None:
    now = datetime.now(UTC)
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        for effect in effects:
            verdict = verdicts[effect.pk]
            effect.state, effect.reason = verdict.state, verdict.reason or ""
            effect.late = verdict.state == EffectState.DONE and kind == "settled" and _is_late(effect, now)
            effect.settled_at = None if verdict.state == EffectState.WAITING else now
            if error:
                effect.libvirt_code, effect.libvirt_text = error.code, error.text
            effect.save(
                update_fields=["state", "reason", "late", "settled_at", "libvirt_code", "libvirt_text"]
            )
            _consequences(operation, effect, now)
        operation.after = maps_json(domain)
        left = operation.effects.filter(state=EffectState.PENDING).exists()
        operation.worker, operation.lease_until = "", None
        worst = min(verdicts.values(), key=lambda verdict: verdict.state == EffectState.DONE)
        record.conclude(operation, kind or _KIND[worst.state], revision=revision, held=left)


def _consequences(operation: Operation, effect: Effect, now: datetime) -> None:
    """What a live effect's outcome means for its config half, and a failure for the slots still to come."""
    pending = operation.effects.filter(state=EffectState.PENDING)
    half = pending.filter(vcpu=effect.vcpu, side=Side.CONFIG)
    if effect.state == EffectState.WAITING:
        half.update(state=EffectState.WAITING)
    elif effect.state == EffectState.FAILED:
        _drop(operation, pending if operation.on_failure == "stop" else half, Reason(effect.reason), now)


def _drop(
    operation: Operation, effects: Iterable[Effect], reason: Reason, now: datetime | None = None
) -> None:
    chosen = [effect.pk for effect in effects]
    operation.effects.filter(pk__in=chosen).update(
        state=EffectState.SKIPPED, reason=reason, settled_at=now or datetime.now(UTC)
    )


def _verdict(effect: Effect, before: Domain, after: Domain, error: GatewayError | None) -> Verdict:
    return judge(
        side=Side(effect.side),
        present=effect.present,
        shown=_shown(effect, after),
        same_run=_same_run(effect, after),
        paused=before.state == "paused",
        error=error,
        already=_shown(effect, before) == effect.present,
    )


def _shown(effect: Effect, domain: Domain) -> bool | None:
    slots = domain.live_map if effect.side == Side.LIVE else domain.config_map
    return None if slots is None else effect.vcpu in slots.present


def _same_run(effect: Effect, domain: Domain) -> bool:
    return domain.running and effect.run == domain.run


def _exact_reason(claimed: Claim, before: Domain, effects: list[Effect]) -> Reason | None:
    """Ask the rules what libvirt's many-meaning code meant, on the domain as it was before the call."""
    action = Operation.objects.values_list("action", flat=True).get(pk=claimed.operation_id)
    slots = frozenset(effect.vcpu for effect in effects)
    refused = refusal(before.view(), Action(action), slots, Side(effects[0].side))
    return refused.reason if refused else None


def _telling_at(effect: Effect, domain: Domain) -> datetime:
    """When "not reached" begins to mean something: the call is over, and so is what a frozen host still did."""
    began = effect.applied_at or datetime.now(UTC)
    since = domain.host.state_since
    return max(began, since) + CALL_OVER if since > began else began + CALL_OVER


def _leave_until(claimed: Claim, moment: datetime) -> None:
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        operation.worker, operation.lease_until = "settling", moment
        record.save(operation, revision=revision)


def _is_late(effect: Effect, now: datetime) -> bool:
    return effect.applied_at is not None and now - effect.applied_at > GRACE


def _only_vcpu(operation: Operation) -> int | None:
    return operation.vcpu[0] if isinstance(operation.vcpu, list) and len(operation.vcpu) == 1 else None
