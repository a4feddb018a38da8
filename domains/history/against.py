"""Comparing the ledger with heads that were kept elsewhere: what the chain alone cannot show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection

from domains.history.archived import Archives
from domains.history.chain import Head
from domains.history.findings import Finding, Kind
from domains.history.restored import Restored
from domains.history.verify import Verdict, unreadable

_AT_ONCE = 500  # numbers in one query


@dataclass(frozen=True, slots=True)
class Comparison:
    """How heads fit: those that do not, those that are excused, those that cannot be told any more.

    ``finding`` names the first that does not fit, unless the ledger could not even be read.
    """

    misfits: Sequence[Head]
    excused: Sequence[Head]
    untold: Sequence[Head]
    finding: Finding | None


def compare(heads: Iterable[Head], verdict: Verdict, restorations: Iterable[Restored]) -> Comparison:
    """Compare heads with the ledger, of which a walk just came to this verdict."""
    heads = sorted(heads, key=lambda head: head.seq)
    try:
        hashes = _hashes([head.seq for head in heads])
    except DatabaseError as error:
        return Comparison([], [], [], unreadable(verdict.seq, error))
    excusable = {lost for restored in restorations for lost in restored.lost}
    misfits, excused, untold = [], [], []
    fitting: Head | None = None
    for head in heads:
        there = hashes.get(head.seq) or verdict.archives.hash_at(head.seq)
        if there == head.hash:
            fitting = head
        elif (head.seq, head.hash) in excusable:
            excused.append(head)
        elif there is None and _taken_out(head, verdict.archives):
            untold.append(head)
        else:
            misfits.append(head)
    finding = _finding(misfits, max(verdict.seq, *hashes, 0), fitting) if misfits else None
    return Comparison(misfits, excused, untold, finding)


def _hashes(numbers: Sequence[int]) -> dict[int, object]:
    hashes: dict[int, object] = {}
    with connection.cursor() as cursor:
        for begin in range(0, len(numbers), _AT_ONCE):
            part = numbers[begin : begin + _AT_ONCE]
            places = ",".join(["%s"] * len(part))
            cursor.execute(f"SELECT seq, hash FROM domains_historyentry WHERE seq IN ({places})", part)  # noqa: S608
            hashes.update(cursor.fetchall())
    return hashes


def _taken_out(head: Head, archives: Archives) -> bool:
    first = archives.first
    return archives.holding(head.seq) is not None or (first is not None and head.seq < first)


def _finding(misfits: Sequence[Head], end: int, fitting: Head | None) -> Finding:
    head = misfits[0]
    more = f" The same goes for {len(misfits) - 1} more of the heads." if len(misfits) > 1 else ""
    known = f" The last head that fits names entry {fitting.seq}." if fitting else " No head fits."
    if head.seq <= end:
        sentence = (
            f"Entry {head.seq} has another hash than the head of {head.time} says: it, or something before it, was "
            f"rewritten.{known}{more}"
        )
        return Finding(Kind.REWRITTEN, head.seq, sentence)
    sentence = (
        f"The history has no entry {head.seq}, which the head of {head.time} names: its end was cut off, as by a "
        f"restored backup.{known}{more}"
    )
    return Finding(Kind.CUT_OFF, head.seq, sentence)
