"""From a choice of guests to a running batch: one path for page, API and command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import IntegrityError, transaction

from domains.models import Batch, BatchItem, Domain, ItemState
from domains.models.revision import next_revision
from domains.operations.actor import Actor
from domains.operations.batches import told
from domains.operations.batches.plan import Planned, plan
from domains.operations.batches.running import advance
from domains.operations.batches.wanted import Manner, Wanted, parse_manner, parse_wanted
from domains.operations.idempotency import made_before
from domains.operations.refused import RequestRefused, record
from domains.operations.text import stored
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence


@dataclass(frozen=True, slots=True)
class Choice:
    """The guests of a batch with their ``host`` loaded, and ``how`` they were chosen, as JSON.

    ``shown`` has for each guest that somebody was shown the digest of its plan: what is another by now is not
    carried out. ``left`` and ``retry_of`` belong to guests whose operation is retried, ``batch`` is theirs.
    """

    domains: Sequence[Domain]
    how: Mapping[str, object]
    shown: Mapping[int, str] | None = None
    left: Mapping[int, list[int] | None] = field(default_factory=dict)
    retry_of: Mapping[int, int] = field(default_factory=dict)
    batch: Batch | None = None


def preview(actor: Actor, choice: Choice, asked: Mapping[str, object]) -> list[Planned]:
    """Plan a batch and store nothing. Raises :class:`RequestRefused` for what makes no sense."""
    return plan(actor, choice.domains, parse_wanted(asked), choice.left)


def request_batch(
    actor: Actor, choice: Choice, asked: Mapping[str, object], *, idempotency_key: str = ""
) -> Batch:
    """Store a batch with its plan, and start as many of its operations as may be open at a time.

    ``asked`` holds the raw fields that ``parse_wanted`` and ``parse_manner`` read. A guest that cannot be changed, or
    is not as it was ``shown``, is kept with its reason. Raises :class:`RequestRefused` where no batch comes of it
    (malformed, another content under a used key); that too stands in the history then.
    """
    try:
        wanted = parse_wanted(asked)
        manner = parse_manner(asked)
        # Planned while others can write: a thousand guests take seconds. What changes meanwhile the workers find.
        planned = plan(actor, choice.domains, wanted, choice.left)
        with transaction.atomic():
            revision = next_revision()
            batch = _made_before(actor, idempotency_key, choice, wanted, manner)
            if batch is not None:
                return batch
            _check_free(choice)
            if all(one.reason == Reason.NOT_PERMITTED for one in planned):
                raise RequestRefused(Reason.NOT_PERMITTED, actor.barred("the chosen guests", "them"))
            batch = _batch(actor, choice, wanted, manner, key=idempotency_key, revision=revision)
            items = [_item(batch, choice, one, at) for at, one in enumerate(planned, 1)]
            BatchItem.objects.bulk_create(items)
            told.write(batch, "batch_started", revision=revision, extra=_started(batch, choice, items))
    except RequestRefused as refusal:
        record_refusal(refusal, actor, asked, guests=len(choice.domains))
        raise
    except IntegrityError as error:
        removed = _removed(choice, error)
        record_refusal(removed, actor, asked, guests=len(choice.domains))
        raise removed from error
    advance(batch.pk)
    batch.refresh_from_db()
    return batch


def _removed(choice: Choice, error: IntegrityError) -> RequestRefused:
    """Give the refusal of a batch whose guests went with their host in this very moment; raises any other error."""
    known = {domain.pk: domain.name for domain in choice.domains}
    gone = known.keys() - set(Domain.objects.filter(pk__in=known).values_list("pk", flat=True))
    if not gone:
        raise error
    words = f"{known[min(gone)]} was removed with its host just now; nothing was asked of any guest. Choose again."
    return RequestRefused(Reason.DOMAIN_NOT_FOUND, words)


def record_refusal(
    refusal: RequestRefused, actor: Actor, asked: Mapping[str, object], *, guests: int = 0
) -> None:
    """Write down that a batch was asked for and refused, in the asker's own words cut to a sane length."""
    told_of = {key: stored(str(asked[key])[:200]) for key in ("vcpu", "count", "affect") if key in asked}
    words = {key: stored(str(asked.get(key) or "")[:200]) for key in ("action", "note")}
    record(refusal, actor, {**words, "requested": told_of, "guests": guests})


def _check_free(choice: Choice) -> None:
    """Make sure that no guest was taken over by another retry meanwhile. Raises :class:`RequestRefused`."""
    if choice.batch is None:
        return
    taken_over = BatchItem.objects.filter(batch__retry_of=choice.batch, domain__in=choice.domains)
    other = taken_over.select_related("batch").first()
    if other:
        words = f"Batch {other.batch.pk} retries what failed of batch {choice.batch.pk}; retry that one."
        raise RequestRefused(Reason.NOT_RETRIABLE, words)


def _made_before(actor: Actor, key: str, choice: Choice, wanted: Wanted, manner: Manner) -> Batch | None:
    def same(earlier: Batch) -> bool:
        gone_about = Manner(earlier.parallel, earlier.stop_on_failure, earlier.note)
        return (Wanted.of(earlier), gone_about, earlier.chosen) == (wanted, manner, dict(choice.how))

    return made_before(Batch, actor, key, same)


def _batch(actor: Actor, choice: Choice, wanted: Wanted, manner: Manner, *, key: str, revision: int) -> Batch:
    return Batch.objects.create(
        action=wanted.action,
        vcpu=wanted.vcpu,
        count=wanted.count,
        affect=wanted.affect,
        chosen=dict(choice.how),
        parallel=manner.parallel,
        stop_on_failure=manner.stop_on_failure,
        note=manner.note,
        user_id=actor.user.pk if actor.user else None,
        as_system=actor.user is None,
        actor=actor.name,
        door=actor.door,
        address=actor.address,
        token=actor.token,
        idempotency_key=key,
        retry_of=choice.batch,
        created_at=datetime.now(UTC),
        revision=revision,
    )


def _item(batch: Batch, choice: Choice, planned: Planned, position: int) -> BatchItem:
    domain, state, words, reason = planned.domain, planned.state, planned.words, str(planned.reason)
    if choice.shown is not None:
        shown = choice.shown.get(domain.pk, "")
        if shown != planned.digest:
            state, reason = ItemState.REFUSED, Reason.CHANGED_MEANWHILE
            words = sentence(Reason.CHANGED_MEANWHILE, domain=domain.name)
    return BatchItem(
        batch=batch,
        position=position,
        domain=domain,
        host_slug=domain.host.slug,
        domain_name=domain.name,
        domain_uuid=domain.uuid,
        vcpu=list(planned.vcpu) if state == ItemState.DUE else None,
        left=choice.left.get(domain.pk),
        plan=words,
        reason=reason,
        state=state,
        retry_of_id=choice.retry_of.get(domain.pk),
    )


def _started(batch: Batch, choice: Choice, items: Sequence[BatchItem]) -> dict[str, object]:
    return {
        "parallel": batch.parallel,
        "stop_on_failure": batch.stop_on_failure,
        "retry_of": choice.batch.pk if choice.batch else None,
        "guests": told.of_items(items),
    }
