"""What to look for in the history, and the lines that fit: one search for page, API and export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import F, Q

from domains.history import ledger
from domains.history.found import Found, Page, count, entries, newer, page
from domains.history.lines import domain_mark
from domains.history.words import mark, sought
from domains.models import HistoryLine, Wanted

__all__ = ["Filters", "Page", "Show", "count", "entries", "find", "newer", "page"]

Show = Literal["operations", "access", "everything"]
_COLUMNS = ("host", "actor", "action", "status", "reason", "door")
_FEW = 250  # lines that somebody may see: so many are best looked at one by one


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; a line has to fit everything that is given.

    ``since`` is included and ``until`` is not; both are about a line's first entry. ``domain`` is a name or a UUID.
    ``status`` is an operation's latest, or ``refused`` or ``outside``. ``slot`` is one that was asked for, meant
    or changed, ``batch`` the number of one that it belongs to. Each word of ``text`` has to be the beginning of a word that stands in an entry of the line.
    """

    since: datetime | None = None
    until: datetime | None = None
    host: str = ""
    domain: str = ""
    actor: str = ""
    action: str = ""
    status: str = ""
    reason: str = ""
    door: str = ""
    slot: int | None = None
    batch: int | None = None
    text: str = ""
    show: Show = "operations"


def find(filters: Filters, seen: Q) -> Found:
    """Find the lines that fit among those that somebody may see, newest first.

    ``seen`` is a condition on columns that lines and entries have in common. Runs up to three short queries.
    """
    found = Found(HistoryLine).filter(seen)
    wanted = Wanted(tuple(_marks(filters)), tuple(sought(filters.text)))
    if filters.text.strip() and not wanted.beginnings:
        return found.none()  # signs alone, which no word begins with
    if seen:
        few = list(found.order_by().values_list("seq", flat=True)[: _FEW + 1])
        if len(few) <= _FEW:
            found = Found(HistoryLine).filter(pk__in=few)
    return _timed(found.wanting(wanted), filters)


def _marks(filters: Filters) -> Iterator[str]:
    yield mark("show", filters.show)
    if filters.domain:
        yield domain_mark(filters.domain)
    for number in ("slot", "batch"):
        if (value := getattr(filters, number)) is not None:
            yield mark(number, value)
    for column in _COLUMNS:
        if value := getattr(filters, column):
            yield mark(column, value)


def _timed(found: Found, filters: Filters) -> Found:
    """Narrow lines to a time by the ``seq`` between which its lines are, which is enough while clocks go forward.

    Lines from when a clock had been set back are looked at one by one; they have an index of their own.
    """
    set_back = HistoryLine.objects.filter(time__lt=F("latest")).order_by("-seq")
    if filters.since:
        since = ledger.timestamp(filters.since)
        first = HistoryLine.objects.filter(latest__gte=since).order_by("latest", "seq").first()
        found = found.from_(first.seq) if first else found.none()
        if first and set_back.filter(seq__gt=first.seq, time__lt=since).exists():
            found = found.filter(time__gte=since)
    if filters.until:
        until = ledger.timestamp(filters.until)
        last = HistoryLine.objects.filter(latest__lt=until).order_by("-latest", "-seq").first()
        upto = last.seq if last else 0
        stray = set_back.filter(seq__gt=upto, time__lt=until).first()
        found = found.filter(time__lt=until).upto(stray.seq) if stray else found.upto(upto)
    return found
