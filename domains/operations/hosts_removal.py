"""What becomes of the operations on a host that is removed: each ends as what was seen of it allows, and no further."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from domains.history import record
from domains.models import EffectState, Host, Operation, Status
from domains.operations.actor import Actor
from domains.vcpu.reasons import Reason

_UNDER_WAY = (Status.QUEUED, Status.RUNNING, Status.WAITING)
_NAMED = 5  # operations that a sentence lists by their numbers


def under_way(host: Host) -> list[Operation]:
    """Give the operations on a host that are not over, oldest first, with their effects. Two queries."""
    found = Operation.objects.filter(host=host, status__in=_UNDER_WAY).order_by("pk")
    return list(found.prefetch_related("effects"))


def unconfirmed(host: Host) -> list[Operation]:
    """Give the operations on a host that nobody expects anything of, and at which it is still looked. Two queries."""
    found = Operation.objects.filter(host=host, status=Status.UNCONFIRMED).order_by("pk")
    return list(found.prefetch_related("effects"))


def hindrance(host: Host, busy: Collection[Operation]) -> str:
    """Say what is under way on a host that is to be removed."""
    numbers = [str(operation.pk) for operation in busy]
    rest = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    named = ", ".join(numbers[:_NAMED])
    one = len(numbers) == 1
    return (
        f"Operation{'' if one else 's'} {named}{rest} on {host.slug} {'has' if one else 'have'} not ended yet. Wait, or"
        f" remove the host all the same: what is queued is cancelled, and of what was asked of a guest it then stays"
        f" open whether it came true."
    )


def fate_of(operation: Operation) -> str:
    """Say what becomes of an operation when its host is removed now. Its effects are best prefetched."""
    states = {effect.state for effect in operation.effects.all()}
    if _untouched(operation):
        return "is cancelled: no worker has taken it up, and nothing is changed"
    if EffectState.APPLYING in states:
        return "ends unconfirmed: the host may have been asked already, and nobody looks any more what it did"
    if states & {EffectState.WAITING, EffectState.UNCONFIRMED}:
        verb = "stays" if operation.status == Status.UNCONFIRMED else "ends"
        return f"{verb} unconfirmed: the guest was asked and may still let go, but nobody looks any more"
    if EffectState.DONE in states:
        return "ends partial: what was done stays done, and the rest is not asked for"
    if states - {EffectState.PENDING}:
        return "ends failed: what is left of it is not asked for"
    return "ends failed: nothing was asked of the host"


def end(actor: Actor, operation: Operation, revision: int) -> None:
    """End an operation whose host is about to be removed, with its entry.

    What a worker still has in hand is fenced off by that: it writes nothing any more. To be called in the
    transaction that took ``revision`` and removes the host.
    """
    states = {effect.state for effect in operation.effects.all()}
    words = f"{actor.name} removed the host {operation.host_slug}; the operation {fate_of(operation)}."
    now = datetime.now(UTC)
    operation = Operation.objects.get(pk=operation.pk)  # without effects that were loaded before
    if _untouched(operation):
        operation.effects.update(state=EffectState.SKIPPED, settled_at=now)
        operation.status, operation.finished_at, operation.message = Status.CANCELLED, now, words
        record.write(operation, "cancelled", revision=revision, extra=actor.told(), ended=True)
        return
    if not states:
        record.fail(operation, Reason.HOST_DISABLED, words, revision=revision)
        return
    _close(operation, EffectState.APPLYING, EffectState.UNCONFIRMED, Reason.INTERRUPTED)
    _close(operation, EffectState.WAITING, EffectState.UNCONFIRMED, Reason.UNPLUG_UNCONFIRMED)
    _close(operation, EffectState.PENDING, EffectState.FAILED, Reason.HOST_DISABLED, now)
    operation.asking = False
    open_ended = states & {EffectState.APPLYING, EffectState.WAITING, EffectState.UNCONFIRMED}
    kind, extra = ("unconfirmed", {"removed_by": actor.name}) if open_ended else ("failed", None)
    record.conclude(operation, kind, revision=revision, held=False, message=words, extra=extra)


def _untouched(operation: Operation) -> bool:
    return operation.status == Status.QUEUED and not operation.attempt


def _close(
    operation: Operation, before: EffectState, after: EffectState, reason: Reason, at: datetime | None = None
) -> None:
    operation.effects.filter(state=before).update(state=after, reason=reason, settled_at=at)
