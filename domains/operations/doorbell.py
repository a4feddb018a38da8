"""Ringing for a worker. The row is the queue: a bell that nobody hears costs time, never an operation."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import structlog
from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from domains.models import Domain
from domains.push import reach

logger = structlog.get_logger(__name__)
TASK = "domains.operations.tasks.ring"
LOOK = "domains.operations.tasks.look"
HANGING = "slotboard:rung:"  # + a domain's id, while a bell that somebody rang for it is yet to be heard
HANGS = 5  # seconds after which such a bell is taken for lost
TRIES = 3  # so often a look inside is put off while another guest of the host is being asked


def ring(domain_ids: Iterable[int]) -> None:
    """Tell the workers of these domains' hosts that there is work. Never raises for a dead broker.

    Celery would wait seconds for a Redis that hangs; the announcement just before has found that out sooner.
    """
    wanted = list(dict.fromkeys(domain_ids))
    if wanted:
        with suppress(reach.Away), reach.redis() as redis, redis.pipeline(transaction=False) as pipe:
            for domain_id in wanted:
                pipe.set(f"{HANGING}{domain_id}", 1, ex=HANGS)
            pipe.execute()
        _send(TASK, wanted, [], 0.0)


def heard(domain_id: int) -> None:
    """Say that a worker is about to look at the domain: whatever comes up from now on needs another bell."""
    with suppress(reach.Away), reach.redis() as redis:
        redis.delete(f"{HANGING}{domain_id}")


def unrung(domain_ids: list[int]) -> list[int]:
    """Leave out the domains for which a bell is yet to be heard, as far as Redis can tell: a second one costs a
    worker's time and finds nothing.
    """
    if not domain_ids:
        return []
    try:
        with reach.redis() as redis:
            hanging = redis.mget([f"{HANGING}{domain_id}" for domain_id in domain_ids])
    except reach.Away:
        return domain_ids
    return [domain_id for domain_id, bell in zip(domain_ids, hanging, strict=True) if bell is None]


def look(domain_ids: Iterable[int], *, after: float = 0.0, tries: int = TRIES) -> None:
    """Have a worker ask these domains' guests how they use their CPUs, ``after`` seconds from now.

    One that nobody hears is lost; the next change, or the next look at an open page, asks again.
    """
    _send(LOOK, domain_ids, [tries], after)


def _send(task: str, domain_ids: Iterable[int], more: list[int], after: float) -> None:
    if reach.out_of_reach():
        logger.warning("nobody is there to hear the doorbell; the sweep will ring again")
        return
    wanted = list(domain_ids)
    queues = dict(Domain.objects.filter(pk__in=wanted).values_list("pk", "host__queue"))
    for domain_id, queue in [(one, queues[one]) for one in wanted if one in queues]:
        try:
            # The limits of its time are those of the worker, not of the process that rings.
            current_app.send_task(
                task,
                args=[domain_id, *more],
                queue=queue,
                countdown=after or None,
                time_limit=None,
                soft_time_limit=None,
            )
        except (OperationalError, RedisError, OSError) as error:
            logger.warning(
                "nobody heard the doorbell; the sweep will ring again", domain=domain_id, error=str(error)
            )
            return
