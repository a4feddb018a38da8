"""Walking the whole chain: intact, or the first entry that does not fit and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import DatabaseError, connection

from domains.history import chain
from domains.history.archived import Archives, archives
from domains.history.breakage import computed
from domains.history.chain import Row
from domains.history.diagnosis import diagnose, twice
from domains.history.findings import Finding, Kind
from domains.history.ledger import GENESIS


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk came to: how many entries fit, the last of them, and what stopped it, if anything did."""

    entries: int
    seq: int
    hash: str
    finding: Finding | None
    archives: Archives


class _Walk:
    """The walk itself, as far as it has come."""

    def __init__(self, archived: Archives) -> None:
        self.entries = 0
        self.seq = 0
        self.hash = GENESIS
        self._archives = archived

    def over(self, rows: Iterable[Row]) -> Row | None:
        """Go on as long as entries fit; give the first one that does not."""
        entries, seq, head = self.entries, self.seq, self.hash
        try:
            for row in rows:
                number, body, previous_hash, found = row
                if seq == 0 and self._bridged(row):
                    seq, head = number - 1, previous_hash
                seq += 1
                belongs = computed(head, seq, body)
                if belongs is None or number != seq or previous_hash != head or belongs != found:
                    seq -= 1
                    return row
                head = belongs
                entries += 1
        finally:
            self.entries, self.seq, self.hash = entries, seq, head
        return None

    def _bridged(self, row: Row) -> bool:
        return type(row.seq) is int and row.seq > 1 and self._archives.bridge_to(row)


def verify() -> Verdict:
    """Check every entry against the one before it. Writes nothing, and may run while entries are appended.

    While a range is being archived, entries vanish behind a walk and in front of it: then it starts over.
    """
    while True:
        first = _first()
        verdict = _verdict()
        if verdict.finding is None or _first() == first:
            return verdict


def _first() -> object:
    try:
        return next((row.seq for row in chain.rows(0, batch=1)), None)
    except DatabaseError:
        return None


def _verdict() -> Verdict:
    archived = Archives([])
    walk = _Walk(archived)
    try:
        finding = _stray()
        if finding is None:
            archived = archives()
            walk = _Walk(archived)
            finding = _walked(walk) or _left_over(archived)
    except DatabaseError as error:
        finding = unreadable(walk.seq, error)
    return Verdict(walk.entries, walk.seq, walk.hash, finding, archived)


def _walked(walk: _Walk) -> Finding | None:
    try:
        misfit = walk.over(chain.rows(0))
    except DatabaseError:
        # One of the next entries cannot be read; those in front of it are looked at singly.
        misfit = walk.over(chain.rows(walk.seq, batch=1))
    return diagnose(walk.seq, walk.hash, misfit) if misfit else None


def _stray() -> Finding | None:
    """Find what stands in the table without a number that a walk could come to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM domains_historyentry WHERE seq IS NULL OR seq < 1")
        (strays,) = cursor.fetchone()
    if not strays:
        return None
    return Finding(
        Kind.INSERTED,
        None,
        f"The table holds {strays} rows whose number is below 1 or missing. Slotboard numbers entries from 1, "
        "so they were put there, or renumbered, by somebody else.",
    )


def _left_over(archived: Archives) -> Finding | None:
    """Find what only shows once the walk is over."""
    loose = archived.loose_end()
    if loose is not None:
        return Finding(
            Kind.CHANGED,
            loose.last,
            f"Entry {loose.recorded_in} says that the entries {loose.first} to {loose.last} were archived. Some "
            "of them are still there, and they do not lead to the hash that it names as their last one: as far "
            "as it can be told, they were rewritten or their end was removed.",
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq FROM domains_historyentry GROUP BY seq HAVING count(*) > 1 ORDER BY seq LIMIT 1"
        )
        found = cursor.fetchone()
    return twice(found[0]) if found else None


def unreadable(seq: int, error: DatabaseError) -> Finding:
    """Say that the database gave no answer for what lies behind entry ``seq``."""
    where = f"beyond entry {seq}" if seq else "from its beginning"
    return Finding(
        Kind.UNREADABLE,
        seq + 1,
        f"The history cannot be read {where}: {str(error).strip()}. That is what a damaged or altered table looks "
        "like, and also a database that went away; see whether the database answers, then verify again.",
    )
