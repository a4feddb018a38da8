"""A place where the chain breaks, and questions about what lies around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from django.db import connection

from domains.history import chain
from domains.history.chain import Row

_BEYOND = 10_000  # how many entries may have been removed in front of one that was then renumbered


def computed(previous_hash: object, seq: int, body: object) -> str | None:
    """Give the hash that belongs to these, or None where the body is no ASCII text. Written to be fast."""
    try:
        digest = sha256(body.encode("ascii")).hexdigest()  # type: ignore[attr-defined]
        return sha256(f"{previous_hash}{seq}{digest}".encode("ascii")).hexdigest()
    except (AttributeError, UnicodeEncodeError):
        return None


@dataclass(frozen=True)
class Break:
    """The number that should follow, the hash that it should build on, and the row that stands there."""

    seq: int
    head: str
    row: Row

    @cached_property
    def next(self) -> Row | None:
        """What stands behind the row."""
        return next(chain.rows(self.row.seq, batch=1), None)

    @cached_property
    def confirmed(self) -> str | None:
        """The hash that the next entry says its predecessor has."""
        return self.next.previous_hash if self.next and self.next.seq == self.seq + 1 else None

    @cached_property
    def true(self) -> Row | None:
        """The entry that belongs here by its hash, if it stands under another number."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, body, previous_hash, hash FROM domains_historyentry WHERE previous_hash = %s",
                [self.head],
            )
            found = map(Row._make, cursor.fetchall())
        return next((row for row in found if row.seq != self.seq and self.fits(row)), None)

    @cached_property
    def written_as(self) -> int | None:
        """The number under which the row was written, which its hash holds; None if it fits none."""
        row = self.row
        try:
            digest = sha256(row.body.encode("ascii")).hexdigest()
        except (AttributeError, UnicodeEncodeError):
            return None
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM domains_historyentry")
            (count,) = cursor.fetchone()
        numbers: Iterable[int] = range(1, self.seq + count + _BEYOND)
        for number in (self.seq, *numbers):
            if sha256(f"{row.previous_hash}{number}{digest}".encode()).hexdigest() == row.hash:
                return number
        return None

    def fits(self, row: Row) -> bool:
        """Whether a row is the entry that belongs here, whatever number it bears."""
        belongs = computed(self.head, self.seq, row.body)
        return belongs is not None and row.previous_hash == self.head and belongs == row.hash

    def body_elsewhere(self) -> Row | None:
        """Find the entry that has the body which belongs here. Reads the whole ledger."""
        wanted = {self.row.hash, self.confirmed} - {None}
        for row in chain.rows(0):
            if row.seq != self.seq and computed(self.head, self.seq, row.body) in wanted:
                return row
        return None
