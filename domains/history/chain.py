"""Reading the ledger from one end to the other, however long it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple

from django.db import connection

from domains.history.form import body_of

BATCH = 2000  # entries read at a time: a few megabytes
_NEXT = "SELECT seq, body, previous_hash, hash FROM domains_historyentry WHERE seq > %s ORDER BY seq LIMIT %s"
_PART = _NEXT.replace("ORDER", "AND seq <= %s ORDER")


class Row(NamedTuple):
    """One entry as it is stored: what the chain is made of, and nothing else."""

    seq: int
    body: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time: the number, hash and time of its last entry."""

    seq: int
    hash: str
    time: str

    def line(self) -> str:
        """Write it as the one line of JSON that head files consist of, without its end."""
        return json.dumps(asdict(self), separators=(",", ":"))


def rows(after: int, upto: int | None = None, *, batch: int = BATCH) -> Iterator[Row]:
    """Give the entries above ``after``, up to and with ``upto``, in their order.

    They are read by their number in batches, each with a statement of its own: memory stays constant, no
    transaction is kept open, and what is appended meanwhile is read too unless ``upto`` ends it before.
    """
    with connection.cursor() as cursor:
        while True:
            if upto is None:
                cursor.execute(_NEXT, [after, batch])
            else:
                cursor.execute(_PART, [after, upto, batch])
            found = cursor.fetchall()
            yield from map(Row._make, found)
            if len(found) < batch:
                return
            after = found[-1][0]


def head() -> Head | None:
    """Give the end of the chain, or None while there is no entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash, body FROM domains_historyentry ORDER BY seq DESC LIMIT 1")
        found = cursor.fetchone()
    if found is None:
        return None
    seq, hash_, written = found
    body = body_of(written)
    return Head(seq, hash_, body["time"] if body else "")  # whatever somebody else wrote for a time is none
