"""The way to Redis for whoever must not wait: a short one, and none at all while Redis is known to be away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import structlog
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = structlog.get_logger(__name__)

# A click may tell Redis several things. Each waits at most this long for a Redis that does not answer ...
TIMEOUT = 0.25
# ... and after one such wait the next ones are not even tried for a while.
PAUSE = 1.0


class Away(Exception):
    """Redis does not answer, or did not a moment ago."""


class _Outage:
    """Remembers that Redis was out of reach a moment ago."""

    until = 0.0


@contextmanager
def redis() -> Iterator[Redis]:
    """Lend this process's client. Raises :class:`Away`, after at most ``TIMEOUT`` seconds, and at once for a while
    after that.
    """
    if out_of_reach():
        raise Away("Redis did not answer a moment ago.")
    try:
        yield _client()
    except RedisError as error:
        _Outage.until = time.monotonic() + PAUSE
        logger.warning("Redis does not answer; what is new will be found without it", error=str(error))
        raise Away(str(error)) from error


def out_of_reach() -> bool:
    """Whether Redis did not answer a moment ago, so that nobody should wait for it again so soon."""
    return time.monotonic() < _Outage.until


@cache
def _client() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_connect_timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
