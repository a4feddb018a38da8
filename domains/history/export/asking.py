"""From what somebody filters the history by to what is exported."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from django.db.models import Q

from domains.history import search
from domains.history.export.planning import CannotExport, Wish, first_since, last_before
from domains.history.ledger import timestamp
from domains.history.search import Filters

_EVERYTHING = Filters(show="everything")


def wish_of(
    filters: Filters, seen: Q, *, compact: bool = False, first: int | None = None, last: int | None = None
) -> Wish:
    """Give the export of what is found by these filters among the entries that somebody may see.

    Everything, seen by somebody who may see everything, is exported whole; a time alone is a range of it. With
    other filters a time is also the range that the export covers, so that it shows how much in it was left
    out. That somebody may not see everything is named among the filters. ``first`` and ``last`` are numbers of
    entries beyond which nothing is exported. Raises :class:`CannotExport`.
    """
    told = _told(filters) | ({"sight": "limited"} if seen else {})
    beginning, end = _limits(filters, first, last)
    if not seen and replace(filters, since=None, until=None) == _EVERYTHING:
        del told["show"]
        return Wish(beginning, end, filters=told)
    matching = search.entries(search.find(filters, seen))
    if first is not None:
        matching = matching.filter(seq__gte=first)
    if last is not None:
        matching = matching.filter(seq__lte=last)
    return Wish(beginning, end, matching, told, compact)


def _limits(filters: Filters, first: int | None, last: int | None) -> tuple[int | None, int | None]:
    if filters.since:
        since = first_since(filters.since)
        if since is None:
            raise CannotExport(f"There is no entry since {timestamp(filters.since)}.")
        first = max(first or since, since)
    if filters.until:
        until = last_before(filters.until)
        if until is None:
            raise CannotExport(f"There is no entry before {timestamp(filters.until)}.")
        last = min(last or until, until)
    return first, last


def _told(filters: Filters) -> dict[str, object]:
    """Give the filters as header and history name them; those that are not set are left out."""
    return {
        name: timestamp(value) if isinstance(value, datetime) else value
        for name, value in asdict(filters).items()
        if value not in (None, "")
    }
