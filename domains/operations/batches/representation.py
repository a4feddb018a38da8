"""Batches and their plans in the form of the outside interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domains.history.ledger import timestamp
from domains.models import Batch, BatchItem, Domain, ItemState
from domains.operations.actor import Actor
from domains.operations.batches import told
from domains.operations.batches.control import items_seen_by
from domains.operations.batches.outcome import OUTCOMES, outcome_of
from domains.operations.batches.plan import Planned
from domains.operations.batches.wanted import parse_manner, parse_wanted
from domains.vcpu import cpulist


def batch_json(actor: Actor, batch: Batch) -> dict[str, object]:
    """Give a batch as API and command print it, with the guests that the actor may see. Two queries and rights."""
    items = items_seen_by(actor).filter(batch=batch).select_related("operation")
    rows = [_item(item) for item in items]
    return {
        "id": batch.pk,
        "status": batch.status,
        "message": batch.message,
        "action": batch.action,
        "requested": told.requested(batch),
        "parallel": batch.parallel,
        "stop_on_failure": batch.stop_on_failure,
        "actor": batch.actor,
        "door": batch.door,
        "note": batch.note,
        "retry_of": batch.retry_of_id,
        "created": timestamp(batch.created_at),
        "finished": timestamp(batch.finished_at) if batch.finished_at else None,
        "counts": _counts(rows),
        "hidden": batch.items.count() - len(rows),
        "guests": rows,
    }


def plan_json(actor: Actor, planned: Sequence[Planned], asked: Mapping[str, object]) -> dict[str, object]:
    """Give a plan in the form of the batch that would come of it; nothing of it is stored."""
    wanted, manner = parse_wanted(asked), parse_manner(asked, planning=True)
    rows = [_planned(one) for one in planned]
    return {
        "id": None,
        "status": "planned",
        "message": "",
        "action": wanted.action,
        "requested": {"vcpu": wanted.vcpu, "count": wanted.count, "affect": wanted.affect},
        "parallel": manner.parallel,
        "stop_on_failure": manner.stop_on_failure,
        "actor": actor.name,
        "door": actor.door,
        "note": manner.note,
        "retry_of": None,
        "created": None,
        "finished": None,
        "counts": _counts(rows),
        "hidden": 0,
        "guests": rows,
    }


def _item(item: BatchItem) -> dict[str, Any]:
    operation = item.operation
    named = {"host": item.host_slug, "domain": {"name": item.domain_name, "uuid": str(item.domain_uuid)}}
    planned = item.state in (ItemState.DUE, ItemState.ASKED, ItemState.DROPPED)
    return named | {
        "vcpu": cpulist.dump(item.vcpu or ()),
        "plan": item.plan if planned else "",
        "outcome": outcome_of(item),
        "reason": (operation.reason if operation else item.reason) or None,
        "message": operation.message if operation else "" if planned else item.plan,
        "operation": item.operation_id,
    }


def _planned(one: Planned) -> dict[str, Any]:
    domain: Domain = one.domain
    due = one.state == ItemState.DUE
    return {
        "host": domain.host.slug,
        "domain": {"name": domain.name, "uuid": str(domain.uuid)},
        "vcpu": cpulist.dump(one.vcpu),
        "plan": one.words if due else "",
        "outcome": str(one.state),
        "reason": str(one.reason) or None,
        "message": one.hint if due else one.words,
        "operation": None,
    }


def _counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts = dict.fromkeys(OUTCOMES, 0)
    for row in rows:
        counts[row["outcome"]] += 1
    return {outcome: number for outcome, number in counts.items() if number}
