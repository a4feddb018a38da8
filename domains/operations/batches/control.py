"""What a person can do about a batch: look at it, cancel what has not started, retry what failed."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from domains.models import UNDER_WAY, Batch, BatchItem, EffectState, ItemState, Operation, Status
from domains.models.revision import next_revision
from domains.operations import control
from domains.operations.actor import Actor
from domains.operations.batches import told
from domains.operations.batches.request import Choice, attempt_made
from domains.operations.batches.running import drop_due, end_if_over
from domains.operations.batches.wanted import MOST_GUESTS
from domains.operations.parse import parse_note
from domains.operations.refused import RequestRefused, record
from domains.operations.standing import followers_of, heir
from domains.vcpu.reasons import Reason
from domains.vcpu.targets import ALREADY

_LEFT_TO_START = Q(state=ItemState.DUE) | Q(operation__status=Status.QUEUED, operation__attempt=0)
_ENDED = (Status.FAILED, Status.PARTIAL, Status.CANCELLED)


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
    own = batch.as_system if actor.user is None else batch.user_id == actor.user.pk
    left = batch.items.filter(_LEFT_TO_START, domain__isnull=False)
    return own or not left.exclude(domain__in=actor.changes()).exists()


def cancel(actor: Actor, number: int, *, note: str = "") -> Batch:
    """Start nothing more of a batch and cancel what is queued; what runs ends by itself.

    Raises :class:`RequestRefused`, which stands in the history then.
    """
    try:
        return _cancel(actor, find(actor, number), note)
    except RequestRefused as refusal:
        record(
            refusal, actor, {"action": "cancel", "asked_about_batch": str(number)[:20], "note": note[:200]}
        )
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


def retriable(actor: Actor, number: int, key: str = "") -> Choice:
    """Choose the guests of a batch for which something was to be done and was not, to be planned anew.

    Of one that succeeded in part, only what is left is asked for again. A guest that may still let go is not among
    them, nor one whose operation somebody has retried. A request that is sent again, with the ``key`` by which it has
    made a batch, is not refused for that. Raises :class:`RequestRefused`.
    """
    batch = find(actor, number)
    if batch.under_way:
        raise _not_retriable(f"Batch {number} is still {batch.status}; see what becomes of it first.")
    made = attempt_made(actor, batch, key)
    items = _failed(items_seen_by(actor).filter(batch=batch))
    if not items and made is None:
        raise _not_retriable(f"Nothing of batch {number} has failed, so there is nothing to retry.")
    return Choice(
        domains=[item.domain for item in items if item.domain],
        how={"retry_of": number},
        left={item.domain_id: _left(item) for item in items if item.domain_id},
        retry_of={
            item.domain_id: item.operation_id for item in items if item.domain_id and item.operation_id
        },
        batch=batch,
    )


def asked_before(batch: Batch) -> dict[str, object]:
    """Give what a batch asked and how it was gone about, as the fields that a new one is asked for with."""
    which = {"vcpu": batch.vcpu} if batch.count is None else {"count": batch.count}
    gone_about = {"parallel": batch.parallel, "stop_on_failure": batch.stop_on_failure, "note": batch.note}
    return {"action": batch.action, "affect": batch.affect, **which, **gone_about}


def _failed(items: QuerySet[BatchItem]) -> list[BatchItem]:
    failed = Q(operation__status__in=_ENDED) | Q(state__in=(ItemState.REFUSED, ItemState.DROPPED))
    known = items.filter(failed, domain__isnull=False, domain__gone_at=None)
    chosen = list(
        known.select_related("operation", "domain__host").prefetch_related("operation__effects")[:MOST_GUESTS]
    )
    followers = followers_of(item.operation_id for item in chosen if item.operation_id)
    followed: dict[int | None, list[Operation]] = {}
    for one in followers:
        followed.setdefault(one.retry_of_id, []).append(one)
    return [item for item in chosen if heir(followed.get(item.operation_id or 0, [])) is None]


def _left(item: BatchItem) -> list[int] | None:
    """Name the slots that a partial operation has not achieved; of others everything is asked for anew."""
    operation = item.operation
    if operation is None or operation.status != Status.PARTIAL:
        return item.left
    missing = [effect for effect in operation.effects.all() if effect.state != EffectState.DONE]
    left = [effect.vcpu for effect in missing if effect.reason not in ALREADY.values()]
    return list(dict.fromkeys(left)) or item.left


def _not_retriable(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.NOT_RETRIABLE, sentence)
