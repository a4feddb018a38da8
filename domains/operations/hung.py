"""Giving a call up whose host does not answer any more: nothing ends it but the end of the process that it holds."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import structlog
from django.db import transaction

from domains.hypervisor.errors import HostUnreachable
from domains.models import EffectState, HostState, Operation, clock
from domains.models.revision import next_revision
from domains.operations import doorbell, endings
from domains.operations.claim import LEASE, Claim, Fenced, locked

logger = structlog.get_logger(__name__)

# A host may be shown as not answering for a moment, while its watcher changes.
PATIENCE = timedelta(seconds=5)
FINISHING = 1.0  # seconds that a step takes at most from its last write to its end


def give_up_if_hung(claimed: Claim, done: threading.Event) -> None:
    """End this process if its host is shown as not answering and the step has lasted for a while, but is not ``done``.

    What the host was asked for may still be carried out: it is looked at later, as after the death of a worker.
    If nothing was asked yet, the operation ends like any other whose host is out of reach.
    """
    operation = Operation.objects.select_related("host").get(pk=claimed.operation_id)
    if operation.host and operation.host.state != HostState.UNREACHABLE:
        return
    if operation.claimed_at is None or clock.now() - operation.claimed_at < PATIENCE:
        return
    try:
        _let_go(claimed)
    except Fenced:
        if done.wait(FINISHING):  # the call came back just now
            return
        logger.warning("another worker has the operation by now", operation=operation.pk)
    logger.warning(
        "gave a call up, and this process with it", operation=operation.pk, host=operation.host_slug
    )
    if operation.domain_id:
        doorbell.ring(endings.waiting_domains(operation.domain_id))
    if not done.is_set():  # else it came back after all, and the process may have another operation in hand
        os.kill(os.getpid(), signal.SIGKILL)


def _let_go(claimed: Claim) -> None:
    with transaction.atomic():
        next_revision()  # whoever is about to promise a call waits for this, and finds that it may not
        operation = locked(claimed)
        if operation.effects.filter(state=EffectState.APPLYING).exists():
            endings.leave_until(claimed, clock.now() + LEASE)
            return
        try:
            endings.not_asked(claimed, HostUnreachable(operation.host.last_error if operation.host else ""))
        except endings.PutBack:
            logger.info("the operation waits for its host", operation=operation.pk)
