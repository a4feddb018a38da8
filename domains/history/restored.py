"""Backups that were restored: their lost ends, as entries of kind ``restored`` name them on purpose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import connection, transaction

from domains.history import chain, ledger
from domains.history.archived import is_hash
from domains.history.chain import Head

MOST = 10_000  # heads that one entry may name: more than two months of them


@dataclass(frozen=True, slots=True)
class Restored:
    """One such entry: exactly the heads that it names are excused."""

    seq: int
    actor: str
    time: str
    note: str
    lost: frozenset[tuple[int, str]]

    @property
    def sentence(self) -> str:
        """Say it, for whoever verifies."""
        return (
            f"A backup was restored and the end of the history up to entry {max(self.lost)[0]} was lost: recorded "
            f"on purpose as entry {self.seq} by {self.actor} at {self.time}, saying: {self.note}"
        )


def restorations() -> list[Restored]:
    """Read all entries of kind ``restored``, oldest first; one that is malformed excuses nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, body FROM domains_historyentry WHERE kind = 'restored' ORDER BY seq")
        found = cursor.fetchall()
    return [named for seq, body in found if (named := _named(seq, body))]


def record(lost: Sequence[Head], *, actor: str, note: str) -> int:
    """Append the entry that excuses these heads, and give its number."""
    with transaction.atomic():
        kept = chain.head()
        facts = {
            "actor": actor,
            "door": "command",
            "host": None,
            "kept": {"seq": kept.seq, "hash": kept.hash} if kept else None,
            "lost": [asdict(head) for head in lost],
            "note": note,
        }
        return ledger.append("restored", facts).seq


def _named(seq: int, body: str) -> Restored | None:
    try:
        facts = json.loads(body)
        lost = frozenset((head["seq"], head["hash"]) for head in facts["lost"])
        named = Restored(seq, str(facts["actor"]), str(facts["time"]), str(facts["note"]), lost)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    heads = all(type(number) is int and is_hash(hash_) for number, hash_ in lost)
    return named if lost and heads else None
