"""Appending to the hash chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import connection

from domains.history import index
from domains.models import HistoryEntry

GENESIS = "0" * 64
VERSION = 1
_COLUMNS = ("seq", "body", "previous_hash", "hash")
_NEW_ENTRY = f"INSERT INTO domains_historyentry ({', '.join(_COLUMNS)}) VALUES (%s, %s, %s, %s)"  # noqa: S608
_LOCK = 0x536C6F74  # "Slot": the advisory lock that orders writers on PostgreSQL


def append(kind: str, facts: Mapping[str, object]) -> HistoryEntry:
    """Append one entry; to be the last statement of the transaction that does what it records.

    ``facts`` holds JSON values. ``v``, ``kind`` and ``time`` (UTC, microseconds) are added. Writers wait for
    each other here: SQLite's transactions hold the write lock already, PostgreSQL's take an advisory one,
    and the head is read after it. What the database generates from the body is read when somebody asks the
    entry for it. Raises ``RuntimeError`` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A history entry is written in the transaction of what it records.")
    wait_turn()
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq + 1, hash FROM domains_historyentry ORDER BY seq DESC LIMIT 1")
        seq, previous_hash = cursor.fetchone() or (1, GENESIS)
        body = canonical({**facts, "v": VERSION, "kind": kind, "time": timestamp(datetime.now(UTC))})
        values = (seq, body, previous_hash, chain_hash(previous_hash, seq, body))
        cursor.execute(_NEW_ENTRY, values)
    index.add(seq, json.loads(body))
    return HistoryEntry.from_db(connection.alias, _COLUMNS, values)


def wait_turn() -> None:
    """Wait until nobody else writes to the history, and hold others up until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def canonical(value: Mapping[str, object]) -> str:
    """Write JSON in the one form that is hashed: ASCII, keys sorted, no spaces."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def chain_hash(previous_hash: str, seq: int, body: str) -> str:
    """Hash an entry together with its place: ``sha256(previous_hash + str(seq) + sha256(body))``."""
    return link(previous_hash, seq, digest_of(body))


def link(previous_hash: str, seq: int, digest: str) -> str:
    """Hash an entry of whose body only the digest is known."""
    return hashlib.sha256(f"{previous_hash}{seq}{digest}".encode("ascii")).hexdigest()


def digest_of(body: str) -> str:
    """Hash a body by itself: its bytes, which are ASCII unless somebody put another one in its place."""
    return hashlib.sha256(body.encode()).hexdigest()


def timestamp(moment: datetime) -> str:
    """Write a time as fixed-width RFC 3339 in UTC with microseconds, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
