"""Whether bodies have the form that Slotboard writes, which a fitting hash does not say."""

from __future__ import annotations

from django.db import DatabaseError

from domains.history import chain
from domains.history.findings import Finding, Kind
from domains.history.form import body_of
from domains.history.verify import unreadable


def first_odd_body() -> Finding | None:
    """Find the first entry whose body has another form. Several times slower than the chain.

    Somebody who may insert rows can append an entry that fits and says a thing twice, or not at all, so that
    one reader takes it for another thing than the next.
    """
    seq = 0
    try:
        for row in chain.rows(0):
            if body_of(row.body) is None:
                sentence = (
                    f"Entry {row.seq} fits the chain, but its body does not have the form of one that Slotboard writes: "
                    "somebody else appended it."
                )
                return Finding(Kind.MALFORMED, row.seq, sentence)
            seq = row.seq
    except DatabaseError as error:
        return unreadable(seq, error)
    return None
