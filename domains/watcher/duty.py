"""Work that only one of several watchers does at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import DatabaseError, connections

from domains.inventory import leases
from domains.inventory.leases import Fence

logger = structlog.get_logger(__name__)


class Duty:
    """A job under a lease of its own, which lasts three times as long as the pause between two turns."""

    def __init__(self, name: str, holder: str, pause: float, job: Callable[[], None]) -> None:
        self.name = name
        self.pause = pause
        self._holder = holder
        self._ttl = timedelta(seconds=3 * pause)
        self._job = job
        self._held: Fence | None = None

    def turn(self) -> None:
        """Do the job, if the lease is or becomes ours."""
        if self._held is None or not leases.renew(self._held, self._ttl):
            self._held = leases.acquire(self.name, self._holder, self._ttl)
        if self._held:
            self._job()

    def release(self) -> None:
        """Give the lease up, so that another watcher need not wait for its end."""
        try:
            if self._held:
                leases.release(self._held)
        except DatabaseError as error:
            logger.error("the database failed", error=str(error))
        connections.close_all()
