"""What a person can do about a batch: look at it, and cancel what has not started."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from domains.models import UNDER_WAY, Batch, BatchItem, ItemState, Status
from domains.models.revision import next_revision
from domains.operations import control
from domains.operations.actor import Actor
from domains.operations.batches import told
from domains.operations.batches.running import drop_due, end_if_over
from domains.operations.parse import parse_note
from domains.operations.refused import RequestRefused, record
from domains.operations.text import stored
from domains.vcpu.reasons import Reason

_LEFT_TO_START = Q(state=ItemState.DUE) | Q(operation__status=Status.QUEUED, operation__attempt=0)


def batches_seen_by(actor: Actor) -> QuerySet[Batch]:
    """Give the batches of which the actor may see a guest, and their own."""
    if actor.sees_everything():
        return Batch.objects.all()
    mine = Q(user=actor.user.pk) if actor.user else Q(pk__in=[])
    return Batch.objects.filter(mine | Exists(items_seen_by(actor).filter(batch=OuterRef("pk"))))


def items_seen_by(actor: Actor) -> QuerySet[BatchItem]:
    """Give the guests of batches that the actor may see, by the names that are kept of them."""
    if actor.sees_everything():
        return BatchItem.objects.all()
    seen = actor.sees().filter(host__slug=OuterRef("host_slug"), uuid=OuterRef("domain_uuid"))
    return BatchItem.objects.filter(Exists(seen))


def items_changed_by(actor: Actor, batch: Batch) -> QuerySet[BatchItem]:
    """Give the guests of a batch that the actor may change."""
    return batch.items.filter(domain__in=actor.changes())


def find(actor: Actor, number: int) -> Batch:
    """Give a batch that the actor may see. Raises :class:`RequestRefused` (``batch_not_found``)."""
    found = batches_seen_by(actor).filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise RequestRefused(
            Reason.BATCH_NOT_FOUND,
            f"There is no batch {str(number)[:20]}, or you may not see it; see the list of batches.",
        )
    return found


def may_cancel(actor: Actor, batch: Batch) -> bool:
    """Whether the actor may end a batch: who asked for it may, and who may change every guest that is left to start."""
    if actor.changes_everything():
        return True
    if actor.user and batch.user_id == actor.user.pk:
        return not actor.only_looks
    left = batch.items.filter(_LEFT_TO_START, domain__isnull=False)
    return items_changed_by(actor, batch).exists() and not left.exclude(domain__in=actor.changes()).exists()


def cancel(actor: Actor, number: int, *, note: str = "") -> Batch:
    """Start nothing more of a batch and cancel what is queued; what runs ends by itself.

    Raises :class:`RequestRefused`, which stands in the history then.
    """
    try:
        return _cancel(actor, find(actor, number), note)
    except RequestRefused as refusal:
        told_of = {"asked_about_batch": str(number)[:20], "note": stored(note[:200])}
        record(refusal, actor, {"action": "cancel", **told_of})
        raise


def _cancel(actor: Actor, batch: Batch, note: str) -> Batch:
    if not may_cancel(actor, batch):
        words = f"{actor.name} may not change every guest that is left of batch {batch.pk}, and did not ask for it; {batch.actor} did."
        raise RequestRefused(Reason.NOT_PERMITTED, words)
    note = parse_note(note)
    with transaction.atomic():
        revision = next_revision()
        batch = Batch.objects.get(pk=batch.pk)
        if batch.status not in UNDER_WAY or not batch.items.filter(_LEFT_TO_START).exists():
            raise RequestRefused(
                Reason.NOT_CANCELLABLE,
                f"Batch {batch.pk} is {batch.status} and nothing of it is left to start; see its operations.",
            )
        for operation in batch.operations.filter(status=Status.QUEUED, attempt=0).order_by("pk"):
            control.withdraw(actor, operation, note, revision)
        drop_due(batch, f"{actor.name} cancelled what had not started.")
        told.write(batch, "batch_cancelled", revision=revision, extra={**actor.told(), "note": note})
        end_if_over(batch, revision)
    return batch
