"""Requests that are refused before there is an operation, and the entry that says so."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from domains.history import ledger
from domains.models import Domain, Operation
from domains.operations.actor import Actor
from domains.operations.text import stored
from domains.vcpu.reasons import Reason

_HTTP_STATUS = {
    Reason.NOT_PERMITTED: 403,
    Reason.HOST_NOT_FOUND: 404,
    Reason.DOMAIN_NOT_FOUND: 404,
    Reason.OPERATION_NOT_FOUND: 404,
    Reason.BATCH_NOT_FOUND: 404,
    Reason.IDEMPOTENCY_MISMATCH: 422,
    Reason.NOT_CANCELLABLE: 409,
    Reason.NOT_UNDOABLE: 409,
    Reason.NOT_RETRIABLE: 409,
    Reason.OPERATION_OPEN: 409,
    Reason.RATE_LIMITED: 429,
}


class RequestRefused(Exception):
    """The request became no operation. ``http_status`` is the fitting 4xx; given only where the code leaves it open.

    ``recorded`` says that it stands in the history already.
    """

    def __init__(self, code: Reason, message: str, *, http_status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or _HTTP_STATUS.get(code, 400)
        self.recorded = False


def record_refusal(
    refusal: RequestRefused,
    *,
    actor: Actor,
    host: str,
    domain_ref: str,
    domain: Domain | None,
    asked: Mapping[str, object],
) -> None:
    """Write down that this was asked and refused, in the asker's own words cut to a sane length."""
    vcpu = asked.get("vcpu")
    named = (
        {"name": domain.name, "uuid": str(domain.uuid)}
        if domain
        else {"name": stored(domain_ref[:300]), "uuid": None}
    )
    told = {
        "host": stored(host[:100]),
        "domain": named,
        "action": _cut(asked.get("action")),
        "requested": {
            "vcpu": [_cut(part) for part in vcpu[:64]] if isinstance(vcpu, list) else _cut(vcpu),
            "affect": _cut(asked.get("affect")),
        },
        "note": _cut(asked.get("note")),
    }
    record(refusal, actor, told)


def record_control_refusal(
    refusal: RequestRefused, *, actor: Actor, operation: Operation | None, number: int, action: str, note: str
) -> None:
    """Write down that somebody wanted to do something about an operation and was refused.

    An operation that the actor may not see is named by the number that was given, and by nothing else.
    """
    told: dict[str, object] = {"action": action, "asked_about": _cut(number), "note": _cut(note)}
    if operation:
        told |= {
            "host": operation.host_slug,
            "domain": {"name": operation.domain_name, "uuid": str(operation.domain_uuid)},
        }
    record(refusal, actor, told)


def record(refusal: RequestRefused, actor: Actor, told: Mapping[str, object]) -> None:
    """Append a refusal with what is ``told`` of the request."""
    with transaction.atomic():
        ledger.append(
            "refused",
            {
                **actor.told(),
                **told,
                "status": "refused",
                "reason": str(refusal.code),
                "message": stored(refusal.message),
            },
        )
    refusal.recorded = True


def _cut(value: object) -> str | None:
    return None if value is None else stored(str(value)[:200])
