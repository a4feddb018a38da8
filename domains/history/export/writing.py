"""Writing an export: its records as they are read from the ledger, line by line."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Iterator
from itertools import islice

from django.db.models import QuerySet

from domains.history import chain
from domains.history.chain import Row
from domains.history.export.forms import Form
from domains.history.export.records import NOT_PROVED, Header, LeftOut, Trailer
from domains.history.ledger import digest_of
from domains.models import HistoryEntry

_NUMBERS = 50_000  # numbers of matching entries looked up at a time: two megabytes
_BODIES = 500  # matching entries read at a time


class Interrupted(Exception):
    """Entries went away while they were exported; the text is the sentence for the person."""


def lines(header: Header, matching: QuerySet[HistoryEntry] | None, form: Form) -> Generator[bytes]:
    """Give the lines of an export in constant memory: header, entries, trailer.

    ``matching`` are the entries that a filtered or compact export is about. The range is fixed by the header;
    no transaction is kept open meanwhile. Raises :class:`Interrupted` in place of the trailer if an archive
    took entries of the range away.
    """
    written, last_hash, counts = hashlib.sha256(), header.previous_hash, Counter[bool]()
    opening = form.opening + form.line(header)
    written.update(opening)
    yield opening
    for row, matches in _rows(header, matching):
        line = form.line(row if matches else LeftOut(row.seq, digest_of(row.body)))
        written.update(line)
        counts[matches] += 1
        last_hash = row.hash
        yield line
    # Archives take away from the beginning: while that is there, nothing is missing.
    if not HistoryEntry.objects.filter(seq=header.first).exists():
        raise Interrupted(
            "The history is being archived, and entries went away while they were exported. Try again."
        )
    yield form.line(
        Trailer(last_hash, counts[True], counts[False], NOT_PROVED[header.scope], written.hexdigest())
    )


def _rows(header: Header, matching: QuerySet[HistoryEntry] | None) -> Iterator[tuple[Row, bool]]:
    """Give the entries that the export holds, in their order, and whether each stands there with its body."""
    if matching is None:
        yield from ((row, True) for row in chain.rows(header.first - 1, header.last))
        return
    numbers = _numbers(matching, header)
    if header.scope == "compact":
        yield from ((row, True) for row in _picked(numbers))
        return
    wanted = next(numbers, None)
    for row in chain.rows(header.first - 1, header.last):
        yield row, row.seq == wanted
        if row.seq == wanted:
            wanted = next(numbers, None)


def _picked(numbers: Iterator[int]) -> Iterator[Row]:
    """Read the entries with these numbers."""
    columns = ("seq", "body", "previous_hash", "hash")
    while wanted := list(islice(numbers, _BODIES)):
        found = HistoryEntry.objects.filter(seq__in=wanted).order_by("seq").values_list(*columns)
        yield from map(Row._make, found)


def _numbers(matching: QuerySet[HistoryEntry], header: Header) -> Iterator[int]:
    """Give the numbers of matching entries in the header's range; the search is made once per batch."""
    after = header.first - 1
    while True:
        found = matching.filter(seq__gt=after, seq__lte=header.last).order_by("seq")
        batch = list(found.values_list("seq", flat=True)[:_NUMBERS])
        yield from batch
        if len(batch) < _NUMBERS:
            return
        after = batch[-1]
