"""Keys by which a request that is repeated gives what it made the first time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from domains.models import Batch, Operation
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason

WINDOW = timedelta(hours=24)
_Made = TypeVar("_Made", Operation, Batch)


def made_before(kind: type[_Made], actor: Actor, key: str, same: Callable[[_Made], bool]) -> _Made | None:
    """Give the operation or batch that the actor made with this key in the last 24 hours; None without a key.

    Raises :class:`RequestRefused` for a malformed key (``invalid_request``), and for one that was used for what
    is not the ``same`` request (``idempotency_mismatch``).
    """
    if not key:
        return None
    if len(key) > 128 or not all("!" <= character <= "~" for character in key):
        raise RequestRefused(
            Reason.INVALID_REQUEST, "The idempotency key must be 1 to 128 visible ASCII characters."
        )
    earlier = kind.objects.filter(actor=actor.name, idempotency_key=key).first()
    if earlier is None:
        return None
    if earlier.created_at < datetime.now(UTC) - WINDOW:
        kind.objects.filter(pk=earlier.pk).update(idempotency_key="")
        return None
    if not same(earlier):
        raise RequestRefused(
            Reason.IDEMPOTENCY_MISMATCH,
            f"This idempotency key belongs to {earlier}, which asked for something else; use a new key.",
        )
    return earlier
