"""After the call: what was seen decides, and is written down together with the operation's new status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction

from domains.history import record
from domains.hypervisor.errors import ChangeRejected, GatewayError
from domains.inventory.maps import Maps, maps_json
from domains.models import Domain, Effect, EffectState, Operation, statements
from domains.models.effect import effects_of
from domains.models.revision import next_revision
from domains.operations.claim import Claim, locked
from domains.operations.endings import leave_until
from domains.operations.judge import Verdict, heed, judge, judge_dead
from domains.operations.plan import deed_of
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import refusal
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target

# libvirtd finishes a call whose client is gone, and may wait 30 s for the domain's lock and 10 s for the guest.
CALL_OVER = timedelta(seconds=45)
GRACE = timedelta(seconds=10)

_KIND = {
    EffectState.DONE: "confirmed",
    EffectState.WAITING: "waiting",
    EffectState.FAILED: "failed",
    EffectState.SKIPPED: "skipped",
}


def settle_step(
    claimed: Claim, before: Domain, effects: list[Effect], error: GatewayError | None, after: Domain
) -> None:
    """Conclude a call that came back, by what was read before and after it. Raises ``Fenced``."""
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
    maps, verdicts = Maps.of(domain), dict[int, Verdict]()
    for effect in effects:
        verdict = judge_dead(
            side=Side(effect.side),
            target=Target(effect.target),
            reached=maps.reached(effect),
            same_run=_same_run(effect, domain),
            paused=domain.state == "paused",
            due=read_at >= telling_at,
        )
        if verdict is None:
            leave_until(claimed, telling_at)
            return
        if verdict.state == EffectState.WAITING and maps.lacks(effect):
            verdict = Verdict(EffectState.FAILED, Reason.OUT_OF_RANGE)  # nobody will ever let go of it
        verdicts[effect.pk] = verdict
    _conclude(claimed, domain, effects, verdicts, None, kind="settled")


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
        every = effects_of(operation)
        mine = [one for one in every if one.pk in verdicts]
        # What a watcher noted since the promise, up to the moment in which this transaction began.
        heeded = {one.pk: heed(verdicts[one.pk], refused=one.reason == Reason.GUEST_REFUSED) for one in mine}
        for effect in mine:
            verdict = heeded[effect.pk]
            effect.state, effect.reason = verdict.state, verdict.reason or ""
            effect.late |= verdict.state == EffectState.DONE and kind == "settled" and _is_late(effect, now)
            effect.settled_at = None if verdict.state == EffectState.WAITING else now
            if error and verdict == verdicts[effect.pk]:  # else what the guest said says more
                effect.libvirt_code, effect.libvirt_text = error.code, error.text
            statements.save(effect, "state", "reason", "late", "settled_at", "libvirt_code", "libvirt_text")
            _consequences(operation, effect, every, now)
        operation.after = maps_json(domain)
        left = operation.asking or any(effect.state == EffectState.PENDING for effect in every)
        operation.worker, operation.lease_until = "", None
        worst = min(heeded.values(), key=lambda verdict: verdict.state == EffectState.DONE)
        landed = [one for one in mine if one.state == EffectState.DONE]
        told = kind or _KIND[worst.state]
        record.conclude(operation, told, revision=revision, held=left, landed=landed, effects=every)


def _consequences(operation: Operation, effect: Effect, every: list[Effect], now: datetime) -> None:
    """What a live effect's outcome means for its config half, and a failure for the slots still to come."""
    pending = [one for one in every if one.state == EffectState.PENDING]
    half = [
        one
        for one in every
        if (one.vcpu, one.side, effect.side) == (effect.vcpu, Side.CONFIG, Side.LIVE)
        and one.state in (EffectState.PENDING, EffectState.WAITING)
    ]
    if effect.state == EffectState.WAITING:
        _turn(half, EffectState.WAITING)
    elif effect.state == EffectState.DONE:
        _turn(half, EffectState.PENDING)  # it may have waited with its live half, asked for once more
    elif effect.state == EffectState.FAILED:
        given_up = half + (pending if operation.on_failure == "stop" else [])
        _turn(given_up, EffectState.SKIPPED, reason=effect.reason, settled_at=now)


def _turn(effects: list[Effect], state: EffectState, **more: object) -> None:
    """Give effects another state, those that have it already excepted."""
    turned = [effect for effect in effects if effect.state != state]
    for effect in turned:
        for name, value in {"state": state, **more}.items():
            setattr(effect, name, value)
    if turned:
        Effect.objects.filter(pk__in=[effect.pk for effect in turned]).update(state=state, **more)


def _verdict(effect: Effect, before: Domain, after: Domain, error: GatewayError | None) -> Verdict:
    return judge(
        side=Side(effect.side),
        target=Target(effect.target),
        reached=Maps.of(after).reached(effect),
        same_run=_same_run(effect, after),
        paused=before.state == "paused",
        error=error,
        already=bool(Maps.of(before).reached(effect)),
        ran=before.running,
    )


def _same_run(effect: Effect, domain: Domain) -> bool:
    return domain.running and effect.run == domain.run


def _exact_reason(claimed: Claim, before: Domain, effects: list[Effect]) -> Reason | None:
    """Ask the rules what libvirt's many-meaning code meant, on the domain as it was before the call."""
    operation = Operation.objects.get(pk=claimed.operation_id)
    slots = frozenset(effect.vcpu for effect in effects)
    refused = refusal(before.view(), deed_of(operation, effects[0]), slots, Side(effects[0].side))
    return refused.reason if refused else None


def _telling_at(effect: Effect, domain: Domain) -> datetime:
    """When "not reached" begins to mean something: the call is over, and so is what a frozen host still did."""
    began = effect.applied_at or datetime.now(UTC)
    since = domain.host.state_since
    return max(began, since) + CALL_OVER if since > began else began + CALL_OVER


def _is_late(effect: Effect, now: datetime) -> bool:
    return effect.applied_at is not None and now - effect.applied_at > GRACE
