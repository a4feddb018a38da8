"""Requests that are refused before there is an operation, and the entry that says so."""

from __future__ import annotations

from django.db import transaction

from domains.history import ledger
from domains.operations.actor import Actor
from domains.vcpu.reasons import Reason

_HTTP_STATUS = {
    Reason.NOT_PERMITTED: 403,
    Reason.HOST_NOT_FOUND: 404,
    Reason.DOMAIN_NOT_FOUND: 404,
    Reason.IDEMPOTENCY_MISMATCH: 422,
    Reason.NOT_CANCELLABLE: 409,
    Reason.RATE_LIMITED: 429,
}


class RequestRefused(Exception):
    """The request became no operation. ``http_status`` is the fitting 4xx."""

    def __init__(self, code: Reason, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = _HTTP_STATUS.get(code, 400)


def record_refusal(
    refusal: RequestRefused,
    *,
    actor: Actor,
    host: str,
    domain_ref: str,
    uuid: str | None,
    request: dict[str, object],
) -> None:
    """Write down that this was asked and refused. ``request`` holds what was asked, cut to a sane length."""
    with transaction.atomic():
        ledger.append(
            "refused",
            {
                "actor": actor.name,
                "door": actor.door,
                "address": actor.address,
                "host": host[:100],
                "domain": {"name": domain_ref[:300], "uuid": uuid},
                "status": "refused",
                "reason": str(refusal.code),
                "message": refusal.message,
                **request,
            },
        )
