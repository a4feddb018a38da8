"""What all addresses share that make a new operation: the idempotency key, and the answer."""

from __future__ import annotations

from typing import Annotated

from django.http import JsonResponse
from ninja import Header
from pydantic import WithJsonSchema

from domains.models import Operation
from domains.operations.refused import RequestRefused
from domains.operations.representation import operation_json
from domains.vcpu.reasons import Reason

Key = Annotated[
    str | None,
    # Described here and checked on the write path, which keeps an account of what it refuses.
    WithJsonSchema({"type": "string", "pattern": "^[!-~]{1,128}$"}),
    Header(
        None,
        alias="Idempotency-Key",
        description="1 to 128 visible ASCII characters. For 24 hours a request repeated with its key changes"
        " nothing and is answered with the first operation.",
    ),
]


def key_of(header: str | None) -> str:
    """Give the key that was sent, empty if none was. Raises :class:`RequestRefused` for one that is empty."""
    if header == "":
        raise RequestRefused(
            Reason.INVALID_REQUEST, "The idempotency key is empty; it has 1 to 128 visible ASCII characters."
        )
    return header or ""


def accepted(operation: Operation) -> JsonResponse:
    """Answer with the operation that a worker is going to carry out, and where it is to be seen."""
    return JsonResponse(
        operation_json(operation), status=202, headers={"Location": f"/api/v1/operations/{operation.pk}"}
    )
