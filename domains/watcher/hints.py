"""Short-lived figures in Redis: who has which domain open, and what this watcher has. Losing them costs speed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from domains.push import beats
from domains.push.stream import OPEN

WATCHER = "watcher"  # the kind of its signs of life; their names are the holders'
LIFETIME = 10  # seconds
_TIMEOUT = 0.3

logger = structlog.get_logger(__name__)


class Hints:
    """One watcher's dealings with Redis. None of them ever fails."""

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._redis = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            decode_responses=True,
        )
        self._answers = True
        self.opened: frozenset[str] = frozenset()

    def refresh(self, heard: Mapping[str, datetime | None]) -> None:
        """Find out which domains are open (``opened``, by UUID), and say that this watcher lives.

        It says which hosts it has, by slug, and when each last answered; None for one that is not on the line.
        """
        told = {slug: moment and moment.isoformat() for slug, moment in heard.items()}
        beats.beat(WATCHER, self._holder, {"hosts": told}, LIFETIME)
        try:
            keys = self._redis.scan_iter(f"{OPEN}*", count=1000)
            self.opened = frozenset(key.removeprefix(OPEN) for key in keys)
        except RedisError as error:
            self.opened = frozenset()
            if self._answers:
                logger.warning("Redis does not answer; open pages are not known", error=str(error))
            self._answers = False
        else:
            self._answers = True

    def forget(self) -> None:
        """Say that this watcher has ended."""
        beats.forget(WATCHER, self._holder)
        self._redis.close()
