"""The page of one domain."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.models import Domain, Operation
from domains.models.grant import domains_changed_by, domains_seen_by
from domains.push.stream import cursor
from domains.web import lines
from domains.web.access import member
from domains.web.board import board_of
from domains.web.fragments import board_context
from domains.web.numbers import read_number
from domains.web.readings import is_late


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it was sent, to be shown again with what came of it."""

    problem: str = ""
    operation: Operation | None = None
    picked: frozenset[int] = frozenset()
    affect: str = ""
    note: str = ""


@never_cache
@require_safe
@member
def domain(request: HttpRequest, host: str, uuid: UUID) -> HttpResponse:
    """Show the page. ``?operation=`` shows in place what became of a request that was just made."""
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    found = seen_domain(request, host, uuid)
    number = read_number(request.GET.get("operation", ""))
    operation = Operation.objects.filter(pk=number, domain=found).first() if number is not None else None
    return show(request, found, Asked(operation=operation), since=since)


def seen_domain(request: HttpRequest, host: str, uuid: UUID) -> Domain:
    """Give the domain with its host. Raises ``Http404`` for one the person may not see."""
    found = domains_seen_by(request.user).filter(host__slug=host, uuid=uuid).select_related("host").first()
    if found is None:
        raise Http404
    return found


def show(request: HttpRequest, found: Domain, asked: Asked, *, since: str, status: int = 200) -> HttpResponse:
    """Render the page of a domain that the person may see."""
    editable = domains_changed_by(request.user).filter(pk=found.pk).exists()
    board = board_of(found, editable=editable, opened=_opened(request))
    operation = asked.operation
    context = {
        **board_context(board, asked.picked),
        "here": "fleet",
        "domain": found,
        "late": is_late(found.host),
        "asked": asked,
        "line": lines.of_operation(operation) if operation else None,
        "affect": asked.affect or ("live" if found.running else "config"),
        "since": since,
        "topics": [f"domain:{found.uuid}"],
    }
    return render(request, "domain.html", context, status=status)


def _opened(request: HttpRequest) -> int:
    """Read which socket of a large guest is opened; the first for anything odd."""
    return read_number(request.GET.get("socket", "")) or 0
