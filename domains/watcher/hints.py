"""Short-lived figures in Redis: who has which domain open, and that this watcher lives. Losing them costs speed."""

from __future__ import annotations

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from domains.push.stream import OPEN

WATCHER = "slotboard:watcher:"  # + the holder's name
LIFETIME = 10  # seconds
_TIMEOUT = 0.3

logger = structlog.get_logger(__name__)


class Hints:
    """One watcher's dealings with Redis. None of them ever fails."""

    def __init__(self, holder: str) -> None:
        self._key = WATCHER + holder
        self._redis = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            decode_responses=True,
        )
        self._answers = True
        self.opened: frozenset[str] = frozenset()

    def refresh(self) -> None:
        """Say that this watcher lives, and find out which domains are open (``opened``, by UUID)."""
        try:
            self._redis.set(self._key, "1", ex=LIFETIME)
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
        try:
            self._redis.delete(self._key)
        except RedisError as error:
            logger.debug("could not take back the heartbeat", error=str(error))
        self._redis.close()
