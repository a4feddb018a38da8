"""What the history says of a batch, and writing it down together with the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domains.history import ledger
from domains.models import Batch, BatchItem
from domains.push.stream import publish
from domains.vcpu import cpulist


def write(batch: Batch, kind: str, *, revision: int, extra: Mapping[str, object]) -> None:
    """Save a batch as it stands, append an entry of this kind and tell the pages.

    ``extra`` is what the entry says beyond the batch, or instead of it. To be called in a transaction that took
    ``revision`` first.
    """
    batch.revision = revision
    batch.save(update_fields=["status", "message", "finished_at", "revision"])
    ledger.append(kind, {**of_batch(batch), **extra})
    publish(f"batch:{batch.pk}", revision)


def of_batch(batch: Batch) -> dict[str, object]:
    """Give what every entry about a batch says."""
    return {
        "batch": batch.pk,
        "actor": batch.actor,
        "door": batch.door,
        "address": batch.address,
        "token": batch.token or None,
        "action": batch.action,
        "requested": requested(batch),
        "note": batch.note,
        "status": batch.status,
        "message": batch.message,
    }


def requested(batch: Batch) -> dict[str, object]:
    """Give the change as it was asked for; a single ID stands for itself."""
    vcpu = batch.vcpu
    if isinstance(vcpu, list) and len(vcpu) == 1:
        vcpu = vcpu[0]
    return {"vcpu": vcpu, "count": batch.count, "affect": batch.affect}


def of_items(items: Sequence[BatchItem]) -> list[dict[str, object]]:
    """Give what was planned for each guest: its slots, or the reason why not."""
    return [
        {
            "host": item.host_slug,
            "name": item.domain_name,
            "uuid": str(item.domain_uuid),
            "vcpu": cpulist.dump(item.vcpu) if item.vcpu else None,
            "plan": item.state,
            "reason": item.reason or None,
        }
        for item in items
    ]
