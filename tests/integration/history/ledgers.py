"""Ledgers with something in them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection, transaction

from domains.history import chain, facts, ledger
from domains.models import FINAL, Operation
from domains.models.revision import next_revision

UUID = "8f9c8b1e-6f0c-4f06-9d6f-6f4d7a3f1f10"


def append(kind, **facts):
    with transaction.atomic():
        return ledger.append(kind, {"actor": "mara", "door": "page", "host": None, **facts})


def make_operation(*kinds, actor="mara", host="lab", status="succeeded", number=None, **more):
    """Store an operation, or go on with one, with an entry of each kind."""
    now = datetime.now(UTC)
    with transaction.atomic():
        values = {
            "status": status,
            "finished_at": now if status in FINAL else None,
            "revision": next_revision(),
        }
        fixed = {
            "host_slug": host,
            "domain_name": "web01",
            "domain_uuid": UUID,
            "action": "add",
            "vcpu": [5],
            "affect": "live",
            "actor": actor,
            "door": "page",
            "created_at": now,
            **more,
        }
        operation, _ = Operation.objects.update_or_create(
            pk=number, defaults=values, create_defaults=values | fixed
        )
        for kind in kinds:
            ledger.append(kind, facts.of_operation(operation, []))
    return operation


def fill(upto):
    """Let the ledger grow to this many entries, faster than by appending them and without lines."""
    head = chain.head()
    seq, previous_hash, made = (head.seq, head.hash, []) if head else (0, ledger.GENESIS, [])
    while seq < upto:
        seq += 1
        told = {
            "v": 1,
            "kind": "started",
            "time": "2026-11-25T12:00:00.000000Z",
            "operation": seq,
            "note": "x" * 500,
        }
        body = ledger.canonical({**told, "actor": "mara" if seq % 3 else "otto"})
        hash_ = ledger.chain_hash(previous_hash, seq, body)
        made.append((seq, body, previous_hash, hash_))
        previous_hash = hash_
    statement = "INSERT INTO domains_historyentry (seq, body, previous_hash, hash) VALUES (%s, %s, %s, %s)"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(statement, made)
