"""The stream of keys: what changed, never what it looks like. Redis only makes it fast; the database is the truth."""

from __future__ import annotations

import time
from functools import cache, partial

import structlog
from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = structlog.get_logger(__name__)

STREAM = "slotboard:changes"
OPEN = "slotboard:open:"  # + a domain's UUID, while somebody has its page open; watchers look there first
MAXLEN = 10_000
START = "0-0"

# A click may publish several keys. Each waits at most this long for a Redis that does not answer ...
TIMEOUT = 0.1
# ... and after one such wait the next keys are not even tried for a while; every hub finds them by itself.
PAUSE = 1.0


class _Outage:
    """Remembers that Redis was out of reach a moment ago."""

    until = 0.0


@cache
def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_connect_timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )


def publish(key: str, revision: int) -> None:
    """Announce, once the transaction is committed, that what ``key`` names now has this revision.

    Keys are ``domain:<pk>``, ``operation:<pk>`` and ``host:<pk>``. Never raises, and costs at most ``TIMEOUT``
    seconds while Redis does not answer: a lost announcement is made up for by the hubs.
    """
    transaction.on_commit(partial(_send, key, revision))


def out_of_reach() -> bool:
    """Whether Redis did not answer a moment ago, so that nobody should wait for it again so soon."""
    return time.monotonic() < _Outage.until


def _send(key: str, revision: int) -> None:
    if out_of_reach():
        return
    try:
        _redis().xadd(STREAM, {"k": key, "v": revision}, maxlen=MAXLEN, approximate=True)
    except RedisError as error:
        _Outage.until = time.monotonic() + PAUSE
        logger.warning(
            "a change was not announced; pages will find it by themselves", key=key, error=str(error)
        )


def cursor() -> str:
    """Give the id of the last announcement, for a page to take before it reads what it shows.

    ``0-0`` while there is none, or Redis does not answer.
    """
    if out_of_reach():
        return START
    try:
        entries = _redis().xrevrange(STREAM, count=1)
    except RedisError as error:
        _Outage.until = time.monotonic() + PAUSE
        logger.warning("the stream's end is unknown", error=str(error))
        return START
    return str(entries[0][0]) if entries else START
