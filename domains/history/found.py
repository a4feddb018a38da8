"""Lines that a search has found: their pages, their number and their entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from domains.history.lines import ALONE
from domains.models import HistoryEntry, HistoryLine, Wanted

_NEAR = 10_000  # entries, some 2,500 lines, that are looked through in their order
_KEY = "index__line_id"  # a line\'s seq where the full-text index has it: only by that SQLite reads in order


class Found(QuerySet[HistoryLine]):
    """Lines, newest first, in the order of the full-text index, which is that of their ``seq``.

    SQLite walks through that index in its order and stops after a page. PostgreSQL cannot; see :func:`_newest`.
    ``newest`` is no lower than any line's ``seq``.
    """

    newest: int | None = None

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # Django's own way to extend it; the stubs lack it
        clone.newest = self.newest
        return clone

    def wanting(self, wanted: Wanted) -> Self:
        """Keep the lines that have these words."""
        return self.filter(index__words__have=wanted).order_by(f"-{_KEY}")

    def from_(self, seq: int) -> Self:
        """Keep the lines from this one on."""
        return self.filter(**{f"{_KEY}__gte": seq})

    def upto(self, seq: int) -> Self:
        """Keep the lines up to this one."""
        kept = self.filter(**{f"{_KEY}__lte": seq})
        kept.newest = seq if self.newest is None else min(seq, self.newest)
        return kept


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and what to give as ``before`` for those that follow, None if none do."""

    lines: Sequence[HistoryLine]
    older: int | None


def page(found: Found, *, before: int | None, size: int) -> Page:
    """Give the newest lines, or the newest of those before a line's ``seq``.

    They are found by their key, so nothing moves when lines are added meanwhile.
    """
    lines = _newest(found if before is None else found.upto(before - 1), size + 1)
    return Page(lines[:size], lines[size - 1].seq if len(lines) > size else None)


def newer(found: Found, *, after: int, cap: int) -> int:
    """Count the lines that have come since the one with this ``seq``, up to ``cap``."""
    return found.from_(after + 1)[:cap].count()


def count(found: Found, *, cap: int) -> int:
    """Count lines up to ``cap``."""
    if _walks(found):
        return found.order_by()[:cap].count()
    with _by_words_alone():
        return found.order_by()[:cap].count()


def entries(found: QuerySet[HistoryLine]) -> QuerySet[HistoryEntry]:
    """Give all entries that belong to these lines, in the order in which they were written."""
    lines = found.order_by()
    operations = lines.filter(operation__isnull=False).values("operation")
    alone = lines.filter(operation__isnull=True).values("seq")
    return HistoryEntry.objects.filter(
        (Q(operation__in=operations) & ~Q(kind__in=ALONE)) | Q(seq__in=alone)
    ).order_by("seq")


def _walks(found: Found) -> bool:
    """Whether the database goes through these lines in their order and stops when it has enough."""
    return connection.vendor == "sqlite" or found.query.is_empty()


def _newest(found: Found, many: int) -> list[HistoryLine]:
    """Give the newest so many lines.

    On PostgreSQL first among the newest there are, by their order: what is common is there. What is not is rare
    enough, or was long ago, to be fetched from the full-text index as a whole and put in order then.
    """
    if _walks(found):
        return list(found[:many])
    newest = found.newest
    if newest is None:
        newest = HistoryLine.objects.aggregate(newest=Max("seq"))["newest"] or 0
    lines = list(found.from_(newest - _NEAR)[:many])
    if len(lines) < many and newest > _NEAR:
        with _by_words_alone():
            lines += found.upto(newest - _NEAR - 1)[: many - len(lines)]
    return lines


@contextmanager
def _by_words_alone() -> Iterator[None]:
    """Let PostgreSQL begin with the full-text index, whatever it expects.

    It takes words for independent of each other, and would walk through all lines for two that never meet.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        yield
