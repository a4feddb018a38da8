"""Writing down where an operation stands: its row, its entry and its doorbell to the pages, together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from domains.history import facts, ledger
from domains.models import FINAL, Effect, EffectState, Operation, Status, statements
from domains.models.effect import effects_of
from domains.models.status import status_of
from domains.models.tally import count_confirmations, count_outcome
from domains.push.stream import publish
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side

_CHANGING = (
    "affect_meant", "after", "asking", "before", "call_began_at", "finished_at", "late", "lease_until", "message",
    "reason", "revision", "status", "worker",
)  # fmt: skip
_BLAMED = (EffectState.FAILED, EffectState.UNCONFIRMED, EffectState.WAITING, EffectState.SKIPPED)


def conclude(
    operation: Operation,
    kind: str,
    *,
    revision: int,
    held: bool,
    message: str = "",
    extra: Mapping[str, object] | None = None,
    landed: Iterable[Effect] = (),
    effects: Sequence[Effect] | None = None,
) -> None:
    """Let the operation follow its effects, save it, append an entry of this kind and tell the pages.

    ``held`` says that a worker keeps the operation or hands it to the next one. ``message`` is the sentence
    for people where the caller knows more than the reason code does; ``landed`` are the effects that were seen just
    now. ``effects`` are all of the operation's as they are stored now; without them they are read. To be called last
    in a transaction that took ``revision`` first.
    """
    before = operation.status
    known = effects_of(operation) if effects is None else effects
    _follow(operation, known, held=held, message=message)
    _count_landed(operation, landed)
    ended = operation.status in FINAL and operation.status != before
    write(operation, kind, revision=revision, extra=extra, ended=ended, effects=known)


def write(
    operation: Operation,
    kind: str,
    *,
    revision: int,
    extra: Mapping[str, object] | None = None,
    ended: bool = False,
    effects: Sequence[Effect] | None = None,
) -> None:
    """Save the operation as it stands, append an entry of this kind and tell the pages.

    ``extra`` is what the entry says beyond the operation, or instead of it. ``ended`` says that this is how the
    operation has just ended, to be counted. ``effects`` as for :func:`conclude`.
    """
    save(operation, revision=revision)
    if ended:
        count_outcome(operation.action, operation.status, operation.reason)
    known = effects_of(operation) if effects is None else effects
    ledger.append(kind, {**facts.of_operation(operation, known), **(extra or {})})
    publish(f"operation:{operation.pk}", revision)


def fail(operation: Operation, reason: Reason, message: str, *, revision: int, kind: str = "failed") -> None:
    """End an operation of which nothing was carried out, whatever effects it has planned."""
    now = datetime.now(UTC)
    operation.effects.filter(state=EffectState.PENDING).update(
        state=EffectState.FAILED, reason=reason, settled_at=now
    )
    operation.status, operation.reason, operation.message = Status.FAILED, reason, message
    operation.finished_at, operation.worker, operation.lease_until = now, "", None
    write(operation, kind, revision=revision, ended=True)


def save(operation: Operation, *, revision: int) -> None:
    """Save what changes in the life of an operation, and nothing else of it."""
    operation.revision = revision
    statements.save(operation, *_CHANGING)


def _follow(operation: Operation, effects: Sequence[Effect], *, held: bool, message: str) -> None:
    operation.status = status_of((effect.state for effect in effects), held=held, asking=operation.asking)
    operation.late = any(effect.late and effect.state == EffectState.DONE for effect in effects)
    if operation.status in FINAL:
        operation.finished_at = datetime.now(UTC)
    else:
        operation.finished_at = None
    blamed = _blamed(effects) if operation.status != Status.SUCCEEDED else None
    operation.reason = blamed.reason if blamed else ""
    operation.message = message or (_message(operation, blamed) if blamed else "")
    if operation.status != Status.RUNNING:
        operation.worker, operation.lease_until = "", None


def _count_landed(operation: Operation, landed: Iterable[Effect]) -> None:
    spans = Counter((effect.side, effect.settled_at) for effect in landed)
    for (side, seen_at), effects in spans.items():
        if seen_at is not None:
            seconds = max(
                0.0, (seen_at - operation.created_at).total_seconds()
            )  # clocks of two machines differ
            count_confirmations(operation.action, side, seconds, effects=effects)


def _blamed(effects: Sequence[Effect]) -> Effect | None:
    for state in _BLAMED:
        for effect in effects:
            if effect.state == state:
                return effect
    return None


def _message(operation: Operation, effect: Effect) -> str:
    if not effect.reason:
        return (
            f"{operation.domain_name} was asked to let go of vCPU {effect.vcpu} and has not done so yet; "
            "Slotboard keeps looking."
        )
    return sentence(
        Reason(effect.reason),
        domain=operation.domain_name,
        vcpu=effect.vcpu,
        side=Side(effect.side),
        text=effect.libvirt_text,
    )
