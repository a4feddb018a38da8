"""Taking an operation in hand: a compare-and-swap on its row, with a lease that a heartbeat renews."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction

from domains.history import facts, ledger
from domains.models import EffectState, Host, Operation, Status, clock, statements
from domains.models.effect import effects_of
from domains.models.revision import next_revision
from domains.operations import places
from domains.push.stream import publish

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=45)
HEARTBEAT = 10  # looks after which the lease is renewed; it is looked once a second
LOOK = timedelta(seconds=1)
BLINK = timedelta(milliseconds=150)  # a step that is over sooner is shown by its outcome alone


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one operation, which does this ``action`` and may be part of a batch.

    ``dead`` says that a call of a dead worker has to be settled first.
    """

    operation_id: int
    domain_id: int
    action: str
    worker: str
    attempt: int
    revision: int
    dead: bool
    batch_id: int | None = None


class Fenced(Exception):
    """Somebody else has the operation by now: whatever this process was about to write is void."""


def worker_name() -> str:
    """Name this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def claim(domain_id: int) -> Claim | None:
    """Take the next operation of a domain, or None if there is none to be had now.

    That is one handed over by another worker, or one whose worker died, else the oldest queued one, if there is a
    place for it (see ``places``).
    """
    if _next(domain_id, datetime.now(UTC)) is None:  # most bells for a full host end here, without a lock
        return None
    try:
        with transaction.atomic():
            revision = next_revision()
            now = clock.now()
            operation = _next(domain_id, now)
            if operation is None:
                return None
            return _take(operation, domain_id, now, revision)
    except IntegrityError:
        return None  # another worker began one on this domain a moment ago


def locked(claimed: Claim) -> Operation:
    """Read the operation inside a transaction that took its revision. Raises :class:`Fenced`."""
    held = statements.select(
        Operation,
        pk=claimed.operation_id,
        attempt=claimed.attempt,
        worker=claimed.worker,
        status=Status.RUNNING,
    )
    if not held:
        raise Fenced
    return held[0]


@contextmanager
def heartbeat(claimed: Claim, look: Callable[[Claim, threading.Event], None]) -> Iterator[None]:
    """Tell the pages that the operation runs, unless that is over in a blink, and until the block ends renew the
    lease every ten seconds and ``look`` every second; its event says whether the block has ended meanwhile.
    """
    done = threading.Event()
    thread = threading.Thread(target=_attend, args=(claimed, look, done), daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        done.set()


def _next(domain_id: int, now: datetime) -> Operation | None:
    operation = statements.first(Operation, domain=domain_id, status=Status.RUNNING) or statements.first(
        Operation, domain=domain_id, status=Status.QUEUED
    )
    if operation is None:
        return None
    operation.host = statements.first(Host, pk=operation.host_id)
    if operation.status == Status.RUNNING and not _left(operation, now):
        return None
    return None if places.refused(operation, now) else operation


def _left(running: Operation, now: datetime) -> bool:
    """Whether no worker has the operation in hand any more, and whatever is to be done can be done."""
    if not running.worker or running.lease_until is None:
        return True
    return running.lease_until < now and running.host is not None and running.host.reachable


def _take(operation: Operation, domain_id: int, now: datetime, revision: int) -> Claim:
    first, queued = operation.attempt == 0, operation.status == Status.QUEUED
    # A step handed on goes on with the same attempt; after a dead worker, or asked for once more, it is a new one.
    again = operation.asking and queued
    if first or operation.worker or again:
        operation.attempt += 1
    operation.status, operation.worker = Status.RUNNING, worker_name()
    operation.claimed_at, operation.lease_until = now, now + LEASE
    operation.started_at = operation.started_at or datetime.now(UTC)
    operation.revision = revision
    taken = ("status", "worker", "attempt", "claimed_at", "lease_until", "started_at", "revision")
    statements.save(operation, *taken)
    effects = effects_of(operation)
    dead = any(effect.state == EffectState.APPLYING for effect in effects)
    if queued:
        ledger.append("started", facts.of_operation(operation, effects))
    return Claim(
        operation_id=operation.pk,
        domain_id=domain_id,
        action=operation.action,
        worker=operation.worker,
        attempt=operation.attempt,
        revision=revision,
        dead=dead,
        batch_id=operation.batch_id,
    )


def _attend(claimed: Claim, look: Callable[[Claim, threading.Event], None], done: threading.Event) -> None:
    try:
        if not done.wait(BLINK.total_seconds()):
            publish(f"operation:{claimed.operation_id}", claimed.revision)
        looks = 0
        while not done.wait(LOOK.total_seconds()):
            look(claimed, done)
            looks += 1
            if looks % HEARTBEAT == 0 and not _renew(claimed):
                return
    except DatabaseError as error:
        logger.warning("the lease could not be renewed", operation=claimed.operation_id, error=str(error))
    finally:
        connection.close()


def _renew(claimed: Claim) -> int:
    held = Operation.objects.filter(
        pk=claimed.operation_id, attempt=claimed.attempt, worker=claimed.worker, status=Status.RUNNING
    )
    return held.update(lease_until=clock.now() + LEASE)
