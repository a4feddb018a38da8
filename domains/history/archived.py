"""The ranges that were taken out of the ledger on purpose, as the entries that record it name them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from domains.history import chain
from domains.history.chain import Row
from domains.history.findings import entries
from domains.history.ledger import GENESIS

_DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class ArchivedRange:
    """Entries ``first`` to ``last``, with the hashes of the entry before them and of the last one.

    ``told`` is what else the entry that records it says, for people.
    """

    first: int
    last: int
    first_previous_hash: str
    last_hash: str
    recorded_in: int
    told: str

    @property
    def sentence(self) -> str:
        """Say it, for whoever verifies."""
        return f"{entries(self.first, self.last)} archived: recorded as entry {self.recorded_in} {self.told}"


class Archives:
    """All ranges that entries of kind ``archived`` name. Whether those entries fit is for the walk to say."""

    def __init__(self, ranges: Iterable[ArchivedRange]) -> None:
        self._ranges = sorted(ranges, key=lambda archived: (archived.first, -archived.last))
        self._ends: list[ArchivedRange] = []

    @property
    def sentences(self) -> list[str]:
        """Say all of them, oldest first: whoever can write to the database can record one, too."""
        told = [archived.sentence for archived in self._ranges]
        if self.first is not None and self.first > 1:
            told.insert(
                0,
                f"What stood before entry {self.first} was archived earlier, with the entry that records it.",
            )
        return told

    def bridge_to(self, row: Row) -> bool:
        """Whether everything before ``row``, with which the table begins, was archived.

        Ranges that follow each other count as one. Of the last one some entries may be left, since removing
        takes time; whether they lead to its end is what :meth:`loose_end` tells after the walk.
        """
        first, expected = 1, GENESIS
        if self._ranges and 1 < self._ranges[0].first < row.seq:
            # What was archived still earlier is recorded by an entry that was archived itself by now.
            first, expected = self._ranges[0].first, self._ranges[0].first_previous_hash
        while first < row.seq:
            archived = self._beginning(first, expected)
            if archived is None:
                return False
            first, expected = archived.last + 1, archived.last_hash
            if first > row.seq:
                self._ends.append(archived)
                return True
        return row.previous_hash == expected

    def loose_end(self) -> ArchivedRange | None:
        """Give a range of which some entries are left that do not lead to the hash of its end."""
        for archived in self._ends:
            last = next(chain.rows(archived.last - 1, archived.last), None)
            if last is None or last.hash != archived.last_hash:
                return archived
        return None

    @property
    def first(self) -> int | None:
        """The lowest number that any range begins with, or None where there is no range."""
        return self._ranges[0].first if self._ranges else None

    def holding(self, seq: int) -> ArchivedRange | None:
        """Give the range that this number lies in."""
        return next((archived for archived in self._ranges if archived.first <= seq <= archived.last), None)

    def hash_at(self, seq: int) -> str | None:
        """Give the hash that the entry of this number had, where an end of a range tells it."""
        for archived in self._ranges:
            if archived.last == seq:
                return archived.last_hash
            if archived.first - 1 == seq:
                return archived.first_previous_hash
        return None

    def _beginning(self, first: int, expected: str) -> ArchivedRange | None:
        return next(
            (
                archived
                for archived in self._ranges
                if archived.first == first and archived.first_previous_hash == expected
            ),
            None,
        )


def anything_archived() -> bool:
    """Whether the ledger begins later than with entry 1, and an entry in it says that it was archived."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM domains_historyentry WHERE kind = 'archived' "
            "AND NOT EXISTS (SELECT 1 FROM domains_historyentry WHERE seq = 1) LIMIT 1"
        )
        return cursor.fetchone() is not None


def archives() -> Archives:
    """Read what the ledger's entries of kind ``archived`` say; one that is malformed bridges nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, body FROM domains_historyentry WHERE kind = 'archived' ORDER BY seq")
        found = cursor.fetchall()
    return Archives(named for seq, body in found if (named := _named(seq, body)))


def _named(seq: int, body: str) -> ArchivedRange | None:
    try:
        facts = json.loads(body)
        first, last = facts["from"], facts["to"]
        before, end = facts["first_previous_hash"], facts["last_hash"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    numbers = type(first) is int and type(last) is int and type(seq) is int
    if not numbers or not 1 <= first <= last < seq or not is_hash(before) or not is_hash(end):
        return None
    told = f"by {facts.get('actor')} at {facts.get('time')}, in {facts.get('file')} with SHA-256 {facts.get('sha256')}"
    return ArchivedRange(first, last, before, end, seq, told)


def is_hash(value: object) -> bool:
    """Whether it is 64 lower-case hexadecimal digits."""
    return isinstance(value, str) and len(value) == 64 and _DIGITS.issuperset(value)
