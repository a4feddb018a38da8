"""Pages for what goes wrong. Each says what happened and where to go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from domains.operations import signing_in, unread
from domains.operations.actor import address_of
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason
from domains.web.lost import lost


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of error: its status, a title, what the person can do, and where, as addresses and words."""

    status: int
    title: str
    advice: str
    links: tuple[tuple[str, str], ...] = ()


_BAD = Trouble(400, "That request made no sense", "Go back, reload the page and try again.")
_FORBIDDEN = Trouble(
    403,
    "You may not do that",
    "It takes a role that you do not have. An administrator can give you one; hosts and accounts are for administrators.",
)
_FORGED = Trouble(
    403,
    "This form did not come from a page of yours",
    "Its secret was missing or out of date, so nothing was changed. Load the page again and repeat the step; "
    "if that does not help, allow cookies for this site.",
)
_OFTEN = Trouble(429, "Too many attempts", "Wait a few minutes, then try again.")
_BROKEN = Trouble(
    500,
    "Something broke on our side",
    "The log of the web process says what. Whether a change you asked for was accepted is shown under Operations.",
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return _page(request, _BAD)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return _page(request, _FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404, and say what is not there."""
    missing = lost(request)
    return _page(request, Trouble(404, "Nothing at this address", missing.sentence, missing.links))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a POST whose CSRF token is missing or wrong with 403."""
    return _page(request, _FORGED)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer 429 after too many sign-ins from one address, and count this one as failed."""
    name = request.POST.get("login", "")
    signing_in.record_failure(signing_in.password_failure(name, address_of(request), turned_away=True))
    return _page(request, _OFTEN)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500, without touching database or session: either may be what broke."""
    again = request.get_full_path() if request.method == "GET" else ""
    told = {"trouble": _BROKEN, "theme": "", "again": again, "at": datetime.now(UTC)}
    return HttpResponse(render_to_string("500.html", told), status=500)


def refusal(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """Answer a refused request where there is no page to show it on."""
    return _page(request, Trouble(status, "That was refused", sentence))


def _page(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """Render the page, or for htmx only the sentence that fits where the answer goes."""
    code = Reason.NOT_PERMITTED if trouble.status == 403 else Reason.INVALID_REQUEST
    unread.attach(request, RequestRefused(code, f"{trouble.title}. {trouble.advice}"))
    template = "_trouble.html" if getattr(request, "htmx", None) else "trouble.html"
    return render(request, template, {"trouble": trouble}, status=trouble.status)
