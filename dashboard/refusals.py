"""No request that would change something is turned away from somebody who is signed in without an entry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.http.response import HttpResponseBase

from domains.operations import unread
from domains.operations.actor import Actor, Door, address_of
from domains.operations.refused import RequestRefused
from domains.operations.unread import LENGTH, Unread
from domains.vcpu.reasons import Reason

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_API = "/api/"
_NUMBER = re.compile("[0-9]{1,100}")
# Fields of our forms that may be kept; a secret or a password can be in none of them.
_FIELDS = (
    "action",
    "pick",
    "vcpu",
    "count",
    "affect",
    "expect",
    "on_failure",
    "note",
    "name",
    "user",
    "group",
    "role",
    "host",
    "pattern",
    "days",
    "format",
    "slug",
    "driver",
    "transport",
    "deed",
)


class RecordRefusals:
    """Middleware: writes down what ended with a 4xx, by whatever part of the server, and was not written down yet."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and look at what comes back."""
        response = self.get_response(request)
        # With 401 nobody is known, or not by what was sent: that is a failed sign-in and written down as one.
        turned_away = 400 <= response.status_code < 500 and response.status_code != 401
        if turned_away and request.method not in _LOOKING and (actor := _actor(request)):
            refusal = unread.attached(request) or _generic(request, response.status_code)
            unread.record_unread(refusal, actor, _described(request))
        return response


def _actor(request: HttpRequest) -> Actor | None:
    """Give the caller that the API found, or whoever is signed in."""
    known = getattr(request, "auth", None)
    if isinstance(known, Actor):
        return known
    if not isinstance(request.user, AbstractBaseUser):
        return None
    door: Door = "api" if request.path.startswith(_API) else "page"
    return Actor(request.user.get_username(), door, request.user, address_of(request))


def _generic(request: HttpRequest, status: int) -> RequestRefused:
    message = f"{request.method} is not answered at this address (status {status})."
    return RequestRefused(Reason.INVALID_REQUEST, message, http_status=status)


def _described(request: HttpRequest) -> Unread:
    match = request.resolver_match
    named = match.kwargs if match else {}
    number = str(named.get("number") or named.get("pk") or "")
    operation = match is not None and "operations/" in match.route and _NUMBER.fullmatch(number)
    action = request.path.rstrip("/").rpartition("/")[2] if operation else named.get("action", "")
    return Unread(
        method=request.method or "",
        path=request.path,
        sent=_sent(request),
        host=str(named.get("host") or ""),
        domain_ref=str(named.get("ref") or named.get("uuid") or ""),
        number=int(number) if operation else None,
        action=str(action).replace("-", " " if operation else "_"),
    )


def _sent(request: HttpRequest) -> str | None:
    """Give what the request held, as far as it can be read and may be kept."""
    try:
        if request.path.startswith(_API):
            return request.body[:LENGTH].decode(errors="replace")
        kept = {name: request.POST.getlist(name) for name in _FIELDS if name in request.POST}
        return json.dumps(kept, ensure_ascii=False)
    except (SuspiciousOperation, RawPostDataException, UnreadablePostError):
        return None
