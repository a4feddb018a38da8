"""Requests of people who are known that a door turned away: malformed, forged, too large, or to no address at all.

The write path writes down what it refuses itself. What never gets that far is attached to the HTTP request, or handed
over by a command, and written down here with as much of it as makes sense.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from domains.models import Domain, Operation
from domains.operations import control
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused, record
from domains.operations.request import find_domain
from domains.operations.text import stored

LENGTH = 500  # of what was sent
_PATH_LENGTH = 300
_KEY = "slotboard.refusal"


@dataclass(frozen=True, slots=True)
class Unread:
    """What is known of such a request.

    ``method`` and ``path`` say where it went, ``sent`` what it held. ``host`` and ``domain_ref``, or ``number`` of an
    operation, say what it was about where its address does, and ``action`` what was to be done.
    """

    method: str
    path: str
    sent: str | None
    host: str = ""
    domain_ref: str = ""
    number: int | None = None
    action: str = ""


def attach(request: HttpRequest, refusal: RequestRefused) -> None:
    """Keep with the HTTP request what it is refused for; what came first stays."""
    request.META.setdefault(_KEY, refusal)


def attached(request: HttpRequest) -> RequestRefused | None:
    """Give what was attached."""
    found = request.META.get(_KEY)
    return found if isinstance(found, RequestRefused) else None


def record_unread(refusal: RequestRefused, actor: Actor, unread: Unread) -> None:
    """Write the refusal down, unless the write path has done so.

    The domain is named where the actor may see it, as elsewhere.
    """
    if refusal.recorded:
        return
    told: dict[str, object] = {
        "host": stored(unread.host[:100]) or None,
        "action": stored(unread.action[:200]) or None,
        "method": unread.method[:20],
        "path": stored(unread.path[:_PATH_LENGTH]),
        "sent": None if unread.sent is None else stored(unread.sent[:LENGTH]),
    }
    if unread.domain_ref:
        domain = _domain(actor, unread)
        name = domain.name if domain else stored(unread.domain_ref[:300])
        told["domain"] = {"name": name, "uuid": str(domain.uuid) if domain else None}
    if unread.number is not None:
        told["asked_about"] = str(unread.number)[:200]
        if operation := _operation(actor, unread.number):
            told["host"] = operation.host_slug
            told["domain"] = {"name": operation.domain_name, "uuid": str(operation.domain_uuid)}
    record(refusal, actor, told)


def _domain(actor: Actor, unread: Unread) -> Domain | None:
    try:
        return find_domain(actor, unread.host, unread.domain_ref)
    except RequestRefused:
        return None


def _operation(actor: Actor, number: int) -> Operation | None:
    try:
        return control.find(actor, number)
    except RequestRefused:
        return None
