"""What nobody else would notice: forgotten doorbells, dead workers, guests that take too long, batches, and counts to be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Window
from django.db.models.functions import RowNumber

from domains.history import record
from domains.models import Effect, EffectState, Operation, Status, clock
from domains.models.host import HostState
from domains.models.revision import next_revision
from domains.operations import doorbell, places, serving, signing_in
from domains.operations.batches.running import advance_all
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side

FORGOTTEN = timedelta(seconds=2)  # a bell that was heard is answered within milliseconds


def sweep() -> None:
    """Make one pass. Safe to run anywhere and at any time; every write checks that it still applies."""
    _end_hopeless_queueing()
    _end_patience()
    advance_all()
    signing_in.tell_left_out()
    serving.tell_changes()
    doorbell.ring(_unattended())


def _unattended() -> list[int]:
    """Give the domains with work that no live worker has in hand, the oldest first.

    Of a host that answers no more of those that queue than it has places: whoever ends an operation rings for the
    next one, and a thousand bells would only keep other hosts' ones waiting.
    """
    now = clock.now()
    queued = places.next_in_line().filter(created_at__lt=datetime.now(UTC) - FORGOTTEN)
    hopeless = queued.exclude(host__state=HostState.CONNECTED)
    nth = Window(RowNumber(), partition_by="host", order_by="pk")
    in_line = queued.filter(host__state=HostState.CONNECTED).annotate(nth=nth)
    handed_on, lost = Q(worker=""), Q(lease_until__lt=now)
    answers, paused = Q(host__state=HostState.CONNECTED), Q(host__enabled=False)
    left = Operation.objects.filter((handed_on | lost) & answers | handed_on & paused, status=Status.RUNNING)
    due = [
        pair
        for found in (hopeless, in_line.filter(nth__lte=settings.CHANGES_PER_HOST), left)
        for pair in found.filter(domain__isnull=False).values_list("pk", "domain")
    ]
    return [domain for _, domain in sorted(due)]


def _end_patience() -> None:
    """Turn waiting into unconfirmed. Slotboard goes on looking; it only stops expecting."""
    limit = clock.now() - settings.UNPLUG_PATIENCE
    overdue = Effect.objects.filter(state=EffectState.WAITING, side=Side.LIVE, applied_at__lt=limit)
    for operation_id in set(overdue.values_list("operation", flat=True)):
        with transaction.atomic():
            revision = next_revision()
            if not overdue.filter(operation=operation_id).exists():
                continue  # asked anew, or settled, while this process was held up
            operation = Operation.objects.get(pk=operation_id)
            waiting = operation.effects.filter(state=EffectState.WAITING)
            if waiting.update(state=EffectState.UNCONFIRMED, reason=Reason.UNPLUG_UNCONFIRMED):
                held = operation.status == Status.RUNNING
                record.conclude(operation, "unconfirmed", revision=revision, held=held)


def _end_hopeless_queueing() -> None:
    limit = datetime.now(UTC) - settings.QUEUE_PATIENCE
    waiting = Operation.objects.filter(status=Status.QUEUED, created_at__lt=limit, queue_if_unreachable=True)
    hopeless = waiting.exclude(host__state=HostState.CONNECTED)
    for operation_id in list(hopeless.values_list("pk", flat=True)):
        with transaction.atomic():
            revision = next_revision()
            operation = hopeless.filter(pk=operation_id).first()
            if operation and not operation.effects.exclude(state=EffectState.PENDING).exists():
                words = sentence(Reason.HOST_UNREACHABLE, domain=operation.domain_name)
                record.fail(operation, Reason.HOST_UNREACHABLE, words, revision=revision)
