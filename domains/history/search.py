"""Finding lines of the operation history: one search for page, API and export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Q, QuerySet

from domains.history import ledger
from domains.history.lines import ALONE
from domains.history.words import Has, slot_word, sought
from domains.models import HistoryEntry, HistoryLine

Show = Literal["operations", "access", "everything"]
_OPERATIONS = Q(operation__isnull=False) | Q(kind__in=ALONE)


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; a line has to fit everything that is given.

    ``since`` is included and ``until`` is not; both are about a line's first entry. ``domain`` is a name or a UUID.
    ``status`` is an operation's latest, or ``refused`` or ``outside``. ``slot`` is one that was asked for, meant
    or changed. Each word of ``text`` has to be the beginning of a word that stands in an entry of the line.
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
    text: str = ""
    show: Show = "operations"


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and what to give as ``before`` for those that follow, None if none do."""

    lines: Sequence[HistoryLine]
    older: int | None


def find(filters: Filters, seen: Q) -> QuerySet[HistoryLine]:
    """Find the lines that fit among those that somebody may see, newest first.

    ``seen`` is a condition on columns that lines and entries have in common.
    """
    found = HistoryLine.objects.defer("words").filter(seen).order_by("-seq")
    if filters.show == "operations":
        found = found.filter(_OPERATIONS)
    elif filters.show == "access":
        found = found.exclude(_OPERATIONS)
    if filters.since:
        found = found.filter(time__gte=ledger.timestamp(filters.since))
    if filters.until:
        found = found.filter(time__lt=ledger.timestamp(filters.until))
    if filters.domain:
        found = found.filter(_of_domain(filters.domain))
    for column in ("host", "actor", "action", "status", "reason", "door"):
        if value := getattr(filters, column):
            found = found.filter(**{column: value})
    return _worded(found, filters)


def page(found: QuerySet[HistoryLine], *, before: int | None, size: int) -> Page:
    """Give the newest lines, or the newest of those before a line's ``seq``, by their key: nothing moves
    when lines are added meanwhile.
    """
    if before is not None:
        found = found.filter(seq__lt=before)
    lines = list(found[: size + 1])
    return Page(lines[:size], lines[size - 1].seq if len(lines) > size else None)


def newer(found: QuerySet[HistoryLine], *, after: int, cap: int) -> int:
    """Count the lines that have come since the one with this ``seq``, up to ``cap``."""
    return count(found.filter(seq__gt=after), cap=cap)


def count(found: QuerySet[HistoryLine], *, cap: int) -> int:
    """Count lines up to ``cap``."""
    return found[:cap].count()


def entries(found: QuerySet[HistoryLine]) -> QuerySet[HistoryEntry]:
    """Give all entries that belong to these lines, in the order in which they were written."""
    lines = found.order_by()
    operations = lines.filter(operation__isnull=False).values("operation")
    alone = lines.filter(operation__isnull=True).values("seq")
    return HistoryEntry.objects.filter(
        (Q(operation__in=operations) & ~Q(kind__in=ALONE)) | Q(seq__in=alone)
    ).order_by("seq")


def _of_domain(ref: str) -> Q:
    try:
        return Q(domain_uuid=str(UUID(ref))) | Q(domain_name=ref)
    except ValueError:
        return Q(domain_name=ref)


def _worded(found: QuerySet[HistoryLine], filters: Filters) -> QuerySet[HistoryLine]:
    words = sought(filters.text)
    slots = [] if filters.slot is None else [slot_word(filters.slot)]
    if filters.text.strip() and not words:
        return found.none()  # signs alone, which no word begins with
    return found.filter(Has(words, slots)) if words or slots else found
