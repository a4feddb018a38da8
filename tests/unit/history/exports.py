"""Exports made in memory, for tests of what reads them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable

from domains.history.chain import Head, Row
from domains.history.export.checking import Proof, check
from domains.history.export.forms import FORMS
from domains.history.export.records import NOT_PROVED, Header, LeftOut, Record, Trailer
from domains.history.ledger import GENESIS, canonical, chain_hash, digest_of, link

BODIES = [
    {"kind": "requested", "actor": "mara", "operation": 1, "requested": {"vcpu": 5, "affect": "live"}},
    {"kind": "started", "actor": "mara", "operation": 1, "note": 'größer, "=1+1"\nsecond line'},
    {"kind": "outside", "actor": None, "effects": [{"side": "live", "appeared": "2"}]},
    {"kind": "confirmed", "actor": "=cmd|' /C calc'!A0", "operation": 1, "late": True},
    {"kind": "granted", "user": "-2+3", "door": "@SUM(1)"},
]


def chain(bodies=BODIES, *, after=7, previous_hash=GENESIS):
    """Give rows that continue an entry ``after``."""
    rows = []
    for seq, body in enumerate(map(canonical, bodies), after + 1):
        rows.append(Row(seq, body, previous_hash, chain_hash(previous_hash, seq, body)))
        previous_hash = rows[-1].hash
    return rows


def records(rows, scope, *, matching=(9, 11)):
    """Give the records of an export of these rows."""
    held: list[Record] = []
    for row in rows:
        if scope == "whole" or row.seq in matching:
            held.append(row)
        elif scope == "filtered":
            held.append(LeftOut(row.seq, digest_of(row.body)))
    filters = {} if scope == "whole" else {"actor": "mära"}
    first, last = rows[0], rows[-1]
    header = Header(
        scope,
        first.seq,
        last.seq,
        first.previous_hash,
        filters,
        "2026-11-25T12:00:00.000000Z",
        "=mara",
        "page",
        13,
    )
    return [header, *held]


def closed(held, form):
    """Write any records with a trailer that fits them, as a forger would."""
    form = FORMS[form]
    written = [*([form.opening] if form.opening else []), *map(form.line, held)]
    counts = [sum(isinstance(record, kind) for record in held) for kind in (Row, LeftOut)]
    last_hash = held[0].previous_hash
    for record in held[1:]:
        last_hash = record.hash if isinstance(record, Row) else link(last_hash, record.seq, record.digest)
    digest = hashlib.sha256(b"".join(written)).hexdigest()
    return [*written, form.line(Trailer(last_hash, *counts, NOT_PROVED[held[0].scope], digest))]


def lines(rows, scope, form, **options):
    """Give the lines of an export."""
    return closed(records(rows, scope, **options), form)


def checked(content, heads: Iterable[Head] = ()) -> Proof:
    """Check the bytes of a file."""
    return check(io.BytesIO(content), heads)
