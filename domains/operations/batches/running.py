"""Keeping a batch going: a few operations at a time, each asked for once, until nothing is left or one has failed.

Every step is one transaction that takes the revision first, so only one process at a time decides what is next, and
whatever dies leaves either all of a step or nothing. Whoever ends an operation takes the next step; the sweep does,
where nobody did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from django.db import transaction
from django.db.models import Q

from domains.models import UNDER_WAY, Batch, BatchItem, BatchStatus, ItemState, Operation, Status
from domains.models.revision import next_revision
from domains.models.tally import count_batch
from domains.operations import doorbell
from domains.operations.actor import Actor, Door
from domains.operations.batches import told
from domains.operations.batches.outcome import counts_of
from domains.operations.batches.plan import change_of
from domains.operations.batches.wanted import Wanted
from domains.operations.request import store
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence

OPEN = (Status.QUEUED, Status.RUNNING, Status.WAITING)
_FAILED = Q(operation__status__in=(Status.FAILED, Status.PARTIAL, Status.UNCONFIRMED)) | Q(
    state=ItemState.REFUSED
)


def advance_all() -> None:
    """Take the next step of every batch that is under way, whoever should have done so."""
    for batch_id in Batch.objects.filter(status__in=UNDER_WAY).order_by("pk").values_list("pk", flat=True):
        advance(batch_id)


def advance(batch_id: int) -> None:
    """Start as many operations as may be open now, stop after a failure if so wished, and end what is over.

    Safe to call at any time and by several processes at once.
    """
    with transaction.atomic():
        revision = next_revision()
        batch = Batch.objects.select_related("user").filter(pk=batch_id, status__in=UNDER_WAY).first()
        if batch is None:
            return
        bells = _start(batch, revision) if batch.status == BatchStatus.RUNNING else []
        end_if_over(batch, revision)
    doorbell.ring(bells)


def end_if_over(batch: Batch, revision: int) -> None:
    """End a batch of which nothing is left to start and nothing is open."""
    if batch.items.filter(Q(state=ItemState.DUE) | Q(operation__status__in=OPEN)).exists():
        return
    left_out = batch.items.filter(state=ItemState.DROPPED).exists()
    batch.status = BatchStatus.STOPPED if left_out else BatchStatus.FINISHED
    batch.finished_at = datetime.now(UTC)
    counts = counts_of(batch.items.all())
    count_batch(batch.status, counts)
    told.write(batch, "batch_finished", revision=revision, extra={"counts": counts})


def drop_due(batch: Batch, message: str) -> None:
    """Leave out, for good, what has not been started."""
    batch.status, batch.message = BatchStatus.STOPPING, message
    batch.items.filter(state=ItemState.DUE).update(state=ItemState.DROPPED)


def _start(batch: Batch, revision: int) -> list[int]:
    """Ask for the next operations; gives the domains whose workers are to be rung for after the commit."""
    bells: list[int] = []
    due = batch.items.filter(state=ItemState.DUE).select_related("batch", "operation", "domain__host")
    while True:
        room = batch.parallel - batch.items.filter(operation__status__in=OPEN).count()
        failure = _failure(batch) if batch.stop_on_failure else None
        if failure:
            _stop_after(batch, failure, revision)
            return bells
        items = list(due[:room]) if room > 0 else []
        if not items:
            return bells
        bells += _ask(batch, items, revision)


def _ask(batch: Batch, items: Sequence[BatchItem], revision: int) -> list[int]:
    actor = _actor(batch)
    allowed = _allowed(actor, items)
    bells = []
    for item in items:
        domain = item.domain
        if domain is None or domain.gone_at is not None:
            _refuse(item, Reason.DOMAIN_NOT_FOUND, sentence(Reason.DOMAIN_NOT_FOUND, domain=item.domain_name))
        elif actor is None or domain.pk not in allowed:
            _refuse(item, Reason.NOT_PERMITTED, _barred(batch, domain.name))
        else:
            change = change_of(domain, Wanted.of_item(item), item.vcpu or [])
            change = replace(change, note=batch.note, batch_id=batch.pk, retry_of_id=item.retry_of_id)
            item.operation = store(actor, domain, change, revision=revision)
            item.state = ItemState.ASKED
            item.save(update_fields=["operation", "state"])
            bells += [domain.pk] if item.operation.status == Status.QUEUED else []
    return bells


def _refuse(item: BatchItem, reason: Reason, words: str) -> None:
    item.state, item.reason, item.plan = ItemState.REFUSED, reason, words
    item.save(update_fields=["state", "reason", "plan"])


def _actor(batch: Batch) -> Actor | None:
    """Give the one who asked for the batch, with the rights of now; None for somebody who is not there any more."""
    if not batch.as_system and batch.user is None:
        return None
    return Actor(batch.actor, cast(Door, batch.door), batch.user, batch.address, batch.token)


def _allowed(actor: Actor | None, items: Sequence[BatchItem]) -> set[int]:
    if actor is None:
        return set()
    return set(actor.changes().filter(batch_items__in=items).values_list("pk", flat=True))


def _barred(batch: Batch, domain: str) -> str:
    return f"When its turn came, {batch.actor} was no longer allowed to change {domain}; nothing was changed."


def _failure(batch: Batch) -> BatchItem | None:
    return batch.items.filter(_FAILED).select_related("operation").order_by("position").first()


def _stop_after(batch: Batch, failure: BatchItem, revision: int) -> None:
    operation: Operation | None = failure.operation
    # Who may see another guest of the batch reads this too: it names none.
    what = f"operation {operation.pk}, which is {operation.status}" if operation else "a guest was refused"
    drop_due(batch, f"Nothing more was started after {what}.")
    stopped_by = {"stopped_by": operation.pk if operation else None}
    told.write(batch, "batch_stopped", revision=revision, extra=stopped_by)
