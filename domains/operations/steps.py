"""Before the call: which effects are next, whether the rules allow them, and the promise to call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

from django.db import transaction

from domains.history import record
from domains.models import BatchItem, Domain, Effect, EffectState, Operation, clock, statements
from domains.models.effect import effects_of
from domains.models.revision import next_revision
from domains.operations import asking, plan
from domains.operations.batches.plan import still
from domains.operations.claim import LEASE, Claim, locked
from domains.operations.endings import supersede
from domains.operations.reserve import claim_slots
from domains.vcpu import counting
from domains.vcpu.affect import Affect
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, expand, precondition, refusal
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side
from domains.vcpu.targets import ALREADY
from domains.vcpu.view import DomainView

_ALREADY = frozenset(ALREADY.values())


class Refused(Exception):
    """Nothing of the operation can be carried out."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


def prepare(claimed: Claim, domain: Domain) -> list[Effect]:
    """Give the effects of the next call, after the rules on a domain that was just read.

    Resolves ``first``, ``highest`` and ``current``, skips what already is as asked and fails what the rules
    refuse. The effects that are given stand as ``applying`` in the database: promised before the call, so
    that whoever sees a slot change knows whose doing it is. An empty list means that there is nothing to
    call for, the operation has been concluded or handed on. Raises :class:`Refused`, or ``Fenced``.
    """
    with transaction.atomic():
        revision = next_revision()
        operation = locked(claimed)
        view = domain.view()
        effects = effects_of(operation)
        if not operation.affect_meant:
            effects = _begin(operation, effects, domain, view, revision)
        pending, group = _next(operation, effects)
        # A driver that counts refuses nothing by itself: it would change other slots instead.
        unruled = operation.ask_anyway and not asking.counts(domain.host, operation)
        refused = None if unruled else _refusal_ahead(view, operation, pending, group)
        if refused is None:
            _promise(operation, group, domain.run)
            return group
        _set_aside(operation, pending, group, refused)
        operation.asking = operation.asking and operation.to_ask_again().exists()
        left = operation.asking or operation.effects.filter(state=EffectState.PENDING).exists()
        operation.worker, operation.lease_until = "", None
        kind = "skipped" if refused.reason in _ALREADY else "failed"
        record.conclude(
            operation,
            kind,
            revision=revision,
            held=left,
            message="" if left else _naming(refused, group).sentence(domain.name),
        )
        return []


def _next(operation: Operation, effects: list[Effect]) -> tuple[list[Effect], list[Effect]]:
    """Give what is still to be done, and of that the effects of the next call.

    What is to be asked for once more is among it, and so are the config halves that wait with it; their turn comes
    when it is done.
    """
    pending = [effect for effect in effects if _is_due(operation, effect)]
    turn = next(
        effect for effect in pending if (effect.state, effect.side) != (EffectState.WAITING, Side.CONFIG)
    )
    return pending, [effect for effect in pending if effect.step == turn.step]


def _is_due(operation: Operation, effect: Effect) -> bool:
    again = operation.asking and effect.state == EffectState.WAITING and effect.applied_at is None
    return again or effect.state == EffectState.PENDING


def _begin(
    operation: Operation, reserved: list[Effect], domain: Domain, view: DomainView, revision: int
) -> list[Effect]:
    """What is done once, on the first fresh reading. Gives the effects, those that were reserved or new ones."""
    if operation.batch_id is not None:
        _check_planned(operation, domain)
    effects = reserved or _resolve(operation, domain, view)
    sides = {Side.LIVE if effect.side == Side.GUEST else Side(effect.side) for effect in effects}
    operation.affect_meant = Affect.BOTH if len(sides) == 2 else Affect(next(iter(sides)))
    operation.before = operation.after = {"live": domain.live, "config": domain.config}
    supersede(operation, effects, revision)
    return effects


def _check_planned(operation: Operation, domain: Domain) -> None:
    """Hold a batch to what it showed of this guest: another plan now would be another change."""
    item = BatchItem.objects.select_related("batch").get(operation=operation)
    if not still(item, domain):
        raise Refused(
            Reason.CHANGED_MEANWHILE,
            f"{domain.name} has changed since the batch was planned ({item.plan}); nothing was changed. Look again and "
            "repeat the request.",
        )


def _promise(operation: Operation, effects: list[Effect], run: int) -> None:
    """The lease counts from here, since the call may begin any moment now.

    Nothing that a page shows changes by it, so it is neither numbered nor announced.
    """
    now = clock.now()
    for effect in effects:
        effect.state, effect.applied_at, effect.run = EffectState.APPLYING, now, run
        statements.save(effect, "state", "applied_at", "run")
    operation.call_began_at, operation.lease_until = now, now + LEASE
    operation.asking = operation.asking and operation.to_ask_again().exists()
    record.save(operation, revision=operation.revision)


def _resolve(operation: Operation, domain: Domain, view: DomainView) -> list[Effect]:
    """Find the slots and sides that are meant, and reserve them."""
    effects = _plan(operation, domain, view)
    blocker = claim_slots(effects)
    if blocker:
        vcpu = effects[0].vcpu
        words = sentence(Reason.OPERATION_OPEN, domain=domain.name, vcpu=vcpu, operation=blocker.pk)
        raise Refused(Reason.OPERATION_OPEN, words)
    return effects


def _plan(operation: Operation, domain: Domain, view: DomainView) -> list[Effect]:
    action = Action(operation.action)
    sides = plan.sides_of(action, Affect(operation.affect), running=domain.running)
    ids = operation.vcpu
    if action is Action.SYNC:
        return plan.plan_sync(operation, domain, sides[0]) or _nothing_to_sync(view, sides[0])
    if action is Action.MAKE_REMOVABLE:
        return plan.plan_removable(operation, ids, view)
    if ids in ("first", "highest"):
        found = resolve(view, action, ids, sides)
        if isinstance(found, Refusal):
            raise Refused(found.reason, found.sentence(domain.name))
        _check_expected(operation, found)
        ids = sorted(expand(view, found))
    return plan.plan_slots(operation, ids, sides, domain.unit_size)


def _nothing_to_sync(view: DomainView, side: Side) -> NoReturn:
    refused = precondition(view, Action.SYNC, side) or Refusal(Reason.ALREADY_ALIKE)
    raise Refused(refused.reason, refused.sentence(view.name))


def _check_expected(operation: Operation, found: int) -> None:
    if operation.expect is not None and operation.expect != found:
        raise Refused(
            Reason.CHANGED_MEANWHILE,
            f"You were shown vCPU {operation.expect} of {operation.domain_name}, and by now that would be "
            f"vCPU {found}; nothing was changed. Look again and repeat the request.",
        )


def _refusal_ahead(
    view: DomainView, operation: Operation, pending: list[Effect], group: list[Effect]
) -> Refusal | None:
    """Refuse the next call, also for what the rules have against the other side of the same slots.

    As libvirt does with both sides at once: whatever can be foreseen is raised before anything changes.
    """
    slots = frozenset(effect.vcpu for effect in group)
    first = group[0]
    action = plan.deed_of(operation, first)
    if not view.specific and operation.vcpu in ("first", "highest"):
        return _refused_count(view, action, first)
    refused = refusal(view, action, slots, Side(first.side))
    if refused:
        return refused
    for effect in pending:
        if effect.vcpu in slots and effect.side != first.side:
            refused = refusal(view, action, slots, Side(effect.side))
            if refused and refused.reason not in _ALREADY:
                return refused
    return None


def _naming(refused: Refusal, group: list[Effect]) -> Refusal:
    """Name the slot that was asked for where the rules have something against the whole domain."""
    return replace(refused, vcpu=group[0].vcpu) if refused.vcpu is None and len(group) == 1 else refused


def _refused_count(view: DomainView, action: Action, effect: Effect) -> Refusal | None:
    side = Side(effect.side)
    slots, refused = view.slots(side), precondition(replace(view, specific=True), action, side)
    if refused or slots is None:
        return refused
    return counting.check(slots, side, effect.vcpu, adding=action is Action.ADD)


def _set_aside(operation: Operation, pending: list[Effect], group: list[Effect], refused: Refusal) -> None:
    now = datetime.now(UTC)
    already = refused.reason in _ALREADY
    mine = [effect.pk for effect in group]
    Effect.objects.filter(pk__in=mine).update(
        state=EffectState.SKIPPED if already else EffectState.FAILED, reason=refused.reason, settled_at=now
    )
    if already:
        return
    slots = {effect.vcpu for effect in group}
    others = [
        effect.pk
        for effect in pending
        if effect.pk not in mine and (operation.on_failure == "stop" or effect.vcpu in slots)
    ]
    Effect.objects.filter(pk__in=others).update(
        state=EffectState.SKIPPED, reason=refused.reason, settled_at=now
    )
