"""The page of one domain."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.models import Domain, Operation
from domains.models.grant import seen_with_rights
from domains.push.stream import cursor
from domains.push.topics import page_topic
from domains.web.access import member
from domains.web.board import board_of
from domains.web.fragments import board_context
from domains.web.numbers import read_number
from domains.web.outcome import outcome_of
from domains.web.readings import is_late


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it was sent, to be shown again with what came of it."""

    problem: str = ""
    operation: Operation | None = None
    picked: frozenset[int] = frozenset()
    affect: str = ""
    note: str = ""
    go_on: bool = False


@never_cache
@require_safe
@member
def domain(request: HttpRequest, host: str, uuid: UUID) -> HttpResponse:
    """Show the page. ``?operation=`` shows in place what became of a request that was just made."""
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    seen = seen_domain(request, host, uuid)
    number = read_number(request.GET.get("operation", ""))
    operation = (
        Operation.objects.filter(pk=number, domain=seen.domain).first() if number is not None else None
    )
    return show(request, seen, Asked(operation=operation), since=since)


@dataclass(frozen=True, slots=True)
class Seen:
    """A domain that the person may see, with its host, and whether they may change it and administer Slotboard too."""

    domain: Domain
    editable: bool
    administers: bool


def seen_domain(request: HttpRequest, host: str, uuid: UUID) -> Seen:
    """Find a domain. Raises ``Http404`` for one the person may not see."""
    found = seen_with_rights(request.user, host__slug=host, uuid=uuid)
    if found is None:
        raise Http404
    return Seen(*found)


def show(request: HttpRequest, seen: Seen, asked: Asked, *, since: str, status: int = 200) -> HttpResponse:
    """Render the page of a domain that the person may see."""
    found = seen.domain
    board = board_of(found, editable=seen.editable, opened=_opened(request))
    operation = asked.operation
    context = {
        **board_context(board, asked.picked),
        "here": "fleet",
        "administers": seen.administers,  # known already, so that the frame need not ask
        "domain": found,
        "late": is_late(found.host),
        "asked": asked,
        **(outcome_of(operation, found, editable=seen.editable) if operation else {}),
        "affect": asked.affect or _side(request, found),
        "since": since,
        "topics": [page_topic(found)],
    }
    return render(request, "domain.html", context, status=status)


def _side(request: HttpRequest, domain: Domain) -> str:
    """Say which sides are chosen at first: those chosen last in this browser, where the guest has them all."""
    there = {"live": domain.running, "config": domain.config is not None}
    there["both"] = all(there.values())
    last = request.COOKIES.get("affect", "")
    return last if there.get(last) else "live" if domain.running else "config"


def _opened(request: HttpRequest) -> int | None:
    """Read which socket of a large guest is opened; none for anything odd."""
    return read_number(request.GET.get("socket", ""))
