"""The operation history as a list: what was asked for, what was refused, and what came from outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.models import HistoryEntry, Operation
from domains.operations.sight import sight_of
from domains.push.stream import cursor
from domains.web import errors, lines
from domains.web.access import member
from domains.web.lines import Line
from domains.web.numbers import read_number

PAGE = 40
_KINDS = ("requested", "refused", "outside")


@never_cache
@require_safe
@member
def operations(request: HttpRequest) -> HttpResponse:
    """Show one page, newest first; ``?before=`` is the history's number at which the page before ended."""
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    text = request.GET.get("before", "")
    before = read_number(text)
    if text and before is None:
        return errors.bad_request(request)
    entries = HistoryEntry.objects.filter(sight_of(request.user).entries(), kind__in=_KINDS)
    if before is not None:
        entries = entries.filter(seq__lt=before)
    found = list(entries.order_by("-seq")[: PAGE + 1])
    page = found[:PAGE]
    context = {
        "here": "operations",
        "days": _by_day(_lines(page)),
        "older": page[-1].seq if len(found) > PAGE else None,
        "first_page": before is None,
        "since": since,
        "topics": ["operations"],
    }
    return render(request, "operations.html", context)


def _lines(entries: list[HistoryEntry]) -> list[Line]:
    """Pair the entries with their operations as these stand now."""
    numbers = [entry.operation for entry in entries if entry.operation is not None]
    known = Operation.objects.prefetch_related("effects").in_bulk(numbers)
    return [
        lines.of_operation(known[entry.operation]) if entry.operation in known else lines.of_entry(entry)
        for entry in entries
    ]


def _by_day(rows: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    today = datetime.now(UTC).date()
    days = []
    for day, group in groupby(rows, key=lambda line: line.time.date()):
        name = f"{day:%A}, {day.day} {day:%B %Y}"
        ago = (today - day).days
        days.append(
            (f"{('Today', 'Yesterday')[ago]}, {day.day} {day:%B}" if 0 <= ago <= 1 else name, list(group))
        )
    return days
