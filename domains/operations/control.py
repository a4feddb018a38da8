"""What a person can do about an operation that is under way: cancel it, ask the guest again, stop waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.db import IntegrityError, transaction

from domains.history import record
from domains.models import EffectState, Operation, Status
from domains.models.revision import next_revision
from domains.operations import doorbell
from domains.operations.actor import Actor
from domains.operations.parse import parse_note
from domains.operations.refused import RequestRefused, record_control_refusal
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side

_ASKED = (EffectState.WAITING, EffectState.UNCONFIRMED)
Deed = Callable[[Actor, Operation, str, int], None]


def find(actor: Actor, operation_id: int) -> Operation:
    """Give an operation that the actor may see. Raises :class:`RequestRefused`."""
    operation = Operation.objects.filter(pk=operation_id).first() if 0 < operation_id < 2**63 else None
    if operation is None or not actor.sees_operation(operation):
        raise RequestRefused(
            Reason.OPERATION_NOT_FOUND,
            f"There is no operation {str(operation_id)[:20]}, or you may not see it; see the operation history.",
        )
    return operation


def cancel(actor: Actor, operation_id: int, *, note: str = "") -> Operation:
    """Cancel an operation that no worker has taken up. Raises :class:`RequestRefused`."""
    return _control(actor, operation_id, "cancel", note, withdraw)


def ask_again(actor: Actor, operation_id: int, *, note: str = "") -> Operation:
    """Have a worker ask the guest once more for what it has not let go of: a new attempt of the same operation.

    Raises :class:`RequestRefused`.
    """
    operation = _control(actor, operation_id, "ask again", note, _ask_again)
    doorbell.ring([operation.domain_id] if operation.domain_id else [])
    return operation


def stop_waiting(actor: Actor, operation_id: int, *, note: str = "") -> Operation:
    """Call what is waited for unconfirmed now, before patience is over. Slotboard goes on looking.

    Raises :class:`RequestRefused`.
    """
    return _control(actor, operation_id, "stop waiting", note, _stop_waiting)


def _control(actor: Actor, operation_id: int, action: str, note: str, deed: Deed) -> Operation:
    operation: Operation | None = None
    try:
        operation = find(actor, operation_id)
        if not actor.may_change(operation):
            raise RequestRefused(Reason.NOT_PERMITTED, actor.barred(operation.domain_name))
        note = parse_note(note)
        with transaction.atomic():
            revision = next_revision()
            operation = Operation.objects.select_for_update().get(pk=operation.pk)
            deed(actor, operation, note, revision)
    except RequestRefused as refusal:
        record_control_refusal(
            refusal, actor=actor, operation=operation, number=operation_id, action=action, note=note
        )
        raise
    return operation


def withdraw(actor: Actor, operation: Operation, note: str, revision: int) -> None:
    """Cancel an operation in a transaction that took this ``revision``. Raises :class:`RequestRefused`."""
    if operation.status != Status.QUEUED or operation.attempt:
        raise RequestRefused(
            Reason.NOT_CANCELLABLE,
            f"Operation {operation.pk} is {operation.status} and can no longer be cancelled; only one that is "
            "still queued can.",
        )
    now = datetime.now(UTC)
    operation.effects.update(state=EffectState.SKIPPED, settled_at=now)
    operation.status, operation.finished_at = Status.CANCELLED, now
    operation.message = f"{actor.name} cancelled it before it started; nothing was changed."
    record.write(operation, "cancelled", revision=revision, extra=_told(actor, note), ended=True)


def _ask_again(actor: Actor, operation: Operation, note: str, revision: int) -> None:
    if operation.domain_id is None:
        raise RequestRefused(
            Reason.DOMAIN_NOT_FOUND,
            f"{operation.domain_name} cannot be asked again: its host was removed from here.",
            http_status=409,
        )
    asked = operation.effects.filter(state__in=_ASKED)
    if (
        operation.status not in (Status.WAITING, Status.UNCONFIRMED)
        or not asked.filter(side=Side.LIVE).exists()
    ):
        raise _not_waiting(operation, "there is nothing to ask the guest again")
    try:
        with transaction.atomic():
            # What is seen from now on came after a wait, whoever asked for it last. Patience begins anew with the call.
            asked.update(state=EffectState.WAITING, reason="", late=True, applied_at=None)
    except IntegrityError as error:
        raise RequestRefused(
            Reason.OPERATION_OPEN,
            f"A newer operation works on a slot of operation {operation.pk}; see the page of {operation.domain_name}.",
        ) from error
    operation.asking = True
    record.conclude(operation, "asked_again", revision=revision, held=False, extra=_told(actor, note))


def _stop_waiting(actor: Actor, operation: Operation, note: str, revision: int) -> None:
    if operation.status != Status.WAITING:
        raise _not_waiting(operation, "there is nothing to stop waiting for")
    operation.effects.filter(state=EffectState.WAITING).update(
        state=EffectState.UNCONFIRMED, reason=Reason.UNPLUG_UNCONFIRMED
    )
    record.conclude(operation, "stopped_waiting", revision=revision, held=False, extra=_told(actor, note))


def _not_waiting(operation: Operation, why: str) -> RequestRefused:
    return RequestRefused(
        Reason.NOT_CANCELLABLE,
        f"Operation {operation.pk} is {operation.status}, not waiting for its guest, so {why}.",
    )


def _told(actor: Actor, note: str) -> dict[str, object]:
    """Name the one who did this, who need not be the one who had asked for the operation."""
    return {**actor.told(), "note": note}
