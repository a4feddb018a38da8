"""Ledgers with something in them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from domains.history import facts, ledger
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
