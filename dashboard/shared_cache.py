"""The cache in which django-allauth counts who signs in and who fails to: one for all web processes."""

from __future__ import annotations

import json
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry

from domains.push.reach import TIMEOUT, Away, redis


class Json:
    """How values lie in Redis. Django's own way, pickle, would let whoever writes there run code in the web processes."""

    def dumps(self, value: object) -> str:
        """Write a value."""
        return json.dumps(value)

    def loads(self, text: bytes) -> object:
        """Read what ``dumps`` wrote. Raises ``ValueError``."""
        return json.loads(text)


class SharedCache(RedisCache):
    """Django's cache in Redis; while that does not answer, one in this process alone.

    Limits then hold for each process by itself: a guesser gets a few more attempts, and nobody is locked out.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        """Take Django's parameters; the patience with Redis is that of everything a request tells it."""
        waits = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "retry": Retry(NoBackoff(), 0)}
        super().__init__(server, params | {"OPTIONS": {"serializer": Json, **waits}})
        self._own = LocMemCache("shared", params)

    def add(
        self, key: str, value: object, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Store what is not there yet; tells whether it was not."""
        return bool(self._either("add", key, value, timeout, version))

    def get(self, key: str, default: object = None, version: int | None = None) -> object:
        """Give what is stored."""
        return self._either("get", key, default, version)

    def set(
        self, key: str, value: object, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Store a value."""
        self._either("set", key, value, timeout, version)

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget a value; tells whether there was one."""
        return bool(self._either("delete", key, version))

    def clear(self) -> None:
        """Forget what this cache holds, and nothing else that is in the same Redis."""
        self._own.clear()
        try:
            with redis() as server:
                for name in server.scan_iter(f"{self.key_prefix}:*"):
                    server.delete(name)
        except Away:
            return

    def _either(self, method: str, *arguments: object) -> object:
        try:
            with redis():
                return getattr(super(), method)(*arguments)
        except Away:
            return getattr(self._own, method)(*arguments)
