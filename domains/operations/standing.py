"""Where an operation stands, seen from now: what undoing it and retrying it are decided from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Max, Q

from domains.models import Domain, Effect, EffectState, Operation, Status
from domains.operations.change import Change, Wanted
from domains.vcpu.affect import Affect
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target

Overtaken = Mapping[tuple[int, str], int]  # vCPU and side: the operation that changed it since


@dataclass(frozen=True, slots=True)
class Standing:
    """An operation with its effects in their order, its domain as it is now, and what came after it.

    ``domain`` has its ``host`` loaded and is None if the host does not show it any more. ``followers`` are the
    operations that undo or retry this one, oldest first.
    """

    operation: Operation
    effects: Sequence[Effect]
    domain: Domain | None
    followers: Sequence[Operation]
    overtaken: Overtaken


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to ask of the domain. ``notes`` are sentences about what that leaves out, or does besides."""

    domain: Domain
    change: Change
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why there is nothing to ask for."""

    reason: Reason
    sentence: str


def standing_of(
    operation: Operation, effects: Sequence[Effect], followers: Sequence[Operation] | None = None
) -> Standing:
    """Gather what is known of an operation. One query, and one more where nobody has looked for the followers yet."""
    domain = operation.domain if operation.domain and operation.domain.gone_at is None else None
    known = followers_of([operation.pk]) if followers is None else followers
    return Standing(operation, effects, domain, known, _overtaken(operation, effects) if domain else {})


def followers_of(operations: Iterable[int]) -> list[Operation]:
    """Give the operations that undo or retry any of these, oldest first. One query, for any at all."""
    numbers = list(operations)
    if not numbers:
        return []
    return list(
        Operation.objects.filter(Q(undo_of__in=numbers) | Q(retry_of__in=numbers))
        .only("status", "undo_of", "retry_of")
        .order_by("pk")
    )


def heir(followers: Sequence[Operation]) -> Operation | None:
    """Give the newest that came to something or still may, or None where another attempt can be made."""
    vain = (Status.FAILED, Status.CANCELLED)
    return next((one for one in reversed(followers) if one.status not in vain), None)


def affect_of(effects: Iterable[Effect]) -> Affect:
    """Say with which sides a request names the sides of these effects."""
    sides = {Side.CONFIG if effect.side == Side.CONFIG else Side.LIVE for effect in effects}
    return Affect.BOTH if len(sides) == 2 else Affect(next(iter(sides)))


def naming(ids: Sequence[int], action: Action, domain: Domain) -> tuple[Wanted, int | None]:
    """Say how a request names these slots, and what it expects.

    A driver that can only count is left the choice, which is then checked to be the slot that is meant.
    """
    words: dict[Action, Wanted] = {Action.ADD: "first", Action.REMOVE: "highest"}
    if domain.host.specific is False and len(ids) == 1 and action in words:
        return words[action], ids[0]
    return list(ids), None


def _overtaken(operation: Operation, effects: Sequence[Effect]) -> Overtaken:
    """Find who changed the operation's slots after it, whatever became of that since."""
    settled = {
        (effect.vcpu, effect.side): effect.settled_at
        for effect in effects
        if effect.state == EffectState.DONE and effect.settled_at
    }
    if not settled:
        return {}
    since = (
        Effect.objects.filter(
            domain=operation.domain_id, state=EffectState.DONE, settled_at__gt=min(settled.values())
        )
        .exclude(operation=operation)
        .exclude(target=Target.REMOVABLE)  # which leaves a slot present
        .order_by()
        .values_list("vcpu", "side")
        .annotate(Max("settled_at"), Max("operation"))
    )
    found: dict[tuple[int, str], int] = {}
    for vcpu, side, last, number in since:
        # Whoever plugs a vCPU out or in has the guest use it or not, too.
        for mine in (side, Side.GUEST) if side == Side.LIVE else (side,):
            if (vcpu, mine) in settled and settled[vcpu, mine] < last:
                found[vcpu, mine] = max(number, found.get((vcpu, mine), 0))
    return found
