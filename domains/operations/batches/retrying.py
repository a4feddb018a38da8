"""Asking once more for what a batch has not achieved."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from domains.models import Batch, BatchItem, EffectState, ItemState, Operation, Status
from domains.operations.actor import Actor
from domains.operations.batches.control import batches_seen_by, find, items_changed_by
from domains.operations.batches.request import Choice
from domains.operations.batches.wanted import MOST_GUESTS
from domains.operations.refused import RequestRefused
from domains.operations.standing import followers_of, heir
from domains.vcpu.reasons import Reason
from domains.vcpu.targets import ALREADY

_ENDED = (Status.FAILED, Status.PARTIAL, Status.CANCELLED)


def retriable(actor: Actor, number: int, key: str = "") -> Choice:
    """Choose the guests of a batch for which something was to be done and was not, to be planned anew.

    Of one that succeeded in part, only what is left is asked for again. A guest that may still let go is not among
    them, nor one that somebody has retried, by itself or with others, nor one that is not the actor's to change.
    A request that is sent again, with the ``key`` by which it has made a batch, is not refused for that.
    Raises :class:`RequestRefused`.
    """
    batch = find(actor, number)
    if not (actor.changes_everything() or items_changed_by(actor, batch).exists()):
        raise RequestRefused(Reason.NOT_PERMITTED, actor.barred(f"the guests of batch {number}", "them"))
    if batch.under_way:
        raise _not_retriable(f"Batch {number} is still {batch.status}; see what becomes of it first.")
    items = _without_heirs(left_to_retry(actor, batch))
    if not items and not (key and batch.retried_by.filter(actor=actor.name, idempotency_key=key).exists()):
        raise _not_retriable(_nothing_left(actor, batch))
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


def retried_by(actor: Actor, batch: Batch) -> QuerySet[Batch]:
    """Give the batches that retry one, as far as the actor may see them."""
    return batches_seen_by(actor).filter(retry_of=batch)


def left_to_retry(actor: Actor, batch: Batch) -> QuerySet[BatchItem]:
    """Give the guests for which something was to be done and was not, which no later batch has taken over."""
    failed = Q(operation__status__in=_ENDED) | Q(state__in=(ItemState.REFUSED, ItemState.DROPPED))
    taken_over = BatchItem.objects.filter(batch__retry_of=batch, domain=OuterRef("domain"))
    theirs = items_changed_by(actor, batch).filter(failed, domain__gone_at=None)
    return theirs.exclude(Exists(taken_over))


def _without_heirs(items: QuerySet[BatchItem]) -> list[BatchItem]:
    """Load guests, but for those whose operation somebody has retried by itself."""
    loaded = items.select_related("operation", "domain__host").prefetch_related("operation__effects")
    chosen = list(loaded[:MOST_GUESTS])
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


def _nothing_left(actor: Actor, batch: Batch) -> str:
    later = retried_by(actor, batch).first()
    if later:
        return f"Batch {later.pk} retries what failed of batch {batch.pk}; retry that one."
    return f"Nothing of batch {batch.pk} has failed that you may change, so there is nothing to retry."


def _not_retriable(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.NOT_RETRIABLE, sentence)
