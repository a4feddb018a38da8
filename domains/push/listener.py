"""Hearing of every change: from the stream at once, and from the database what was never announced."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from django.db import Error
from redis.exceptions import RedisError

from domains.models.revision import current_revision
from domains.push.board import MANY, ONCE, Heard
from domains.push.client import Position
from domains.push.follower import START, Announcement, Follower
from domains.push.missed import changed_since
from domains.push.threads import Threads

logger = structlog.get_logger(__name__)

CHECK = 5.0  # seconds between two comparisons with the database
RETRY = 0.5  # seconds until Redis is tried again
DOUBT = 15.0  # seconds after a loss, in which senders find Redis again and a comparison is made
LATELY = 60.0  # seconds for which it counts how late an announcement came


class Listener:
    """Tells ``hear`` of each key that was announced or found changed, and ``attached`` when Redis is there (again).

    ``position`` is that of the last announcement that was heard, ``began`` that after which it was the first.
    """

    def __init__(
        self,
        follower: Follower,
        threads: Threads,
        *,
        hear: Callable[[str, Heard], None],
        attached: Callable[[], None],
    ) -> None:
        self.position: Position = START
        self.began: Position = START
        self._attached = False
        self.reachable = False
        self._heard: tuple[float, float] = (0.0, 0.0)  # when the last announcement came, and how late
        self._announced = 0  # the highest revision that was announced
        self._follower = follower
        self._threads = threads
        self._hear = hear
        self._tell_attached = attached
        self._lost = -math.inf  # when announcements were last known to get lost, by the monotonic clock
        self._checked: int | None = None  # the revision up to which the database was compared
        self._seen: dict[str, int] = {}  # announced revisions that it was not compared with yet
        self._unannounced: dict[str, int] = {}
        self._compare_now = asyncio.Event()

    @property
    def lag(self) -> float:
        """How many seconds late the last announcement came, by the clocks of Redis and of this process."""
        at, late = self._heard
        return late if time.monotonic() - at < LATELY else 0.0

    @property
    def revision(self) -> int:
        """The revision up to which everything was heard."""
        return max(self._checked or 0, self._announced)

    @property
    def certain(self) -> int:
        """The highest revision below all that was found changed and is yet to be announced."""
        return min(self._unannounced.values(), default=sys.maxsize) - 1

    async def follow(self) -> None:
        """Listen to the stream for ever."""
        told = False
        while True:
            try:
                await self._attach()
                if told:
                    logger.info("Redis answers again")
                self.reachable, told = True, False
                while True:
                    for entry in await self._follower.wait(self.position):
                        self._take(entry)
            except RedisError as error:
                if not told:
                    logger.warning("Redis does not answer; changes are looked up instead", error=str(error))
                self.reachable, told = False, True
                self._lost = time.monotonic()
                await asyncio.sleep(RETRY)

    async def _attach(self) -> None:
        """Take up the stream where it was left, or, the first time, at its end."""
        if not self._attached:
            entries = await self._follower.everything()
            rows = [entry for entry in entries if entry.names_row]
            self._seen = {
                entry.key: entry.revision for entry in sorted(rows, key=lambda entry: entry.revision)
            }
            # Whatever a cursor may point back to is compared; without any, only what comes.
            self._checked = min((entry.revision for entry in rows), default=self._checked)
            self.position = self.began = entries[-1].position if entries else START
            self._attached = True
        end = await self._follower.end()
        if end < self.position:
            self.position = START  # a new Redis, and a clock that went back
        if end == START:
            # Or what changes until the first announcement would not be missed by a page that was made before.
            await self._follower.begin()
        self._tell_attached()
        self._compare_now.set()

    def _take(self, entry: Announcement) -> None:
        self.position = entry.position
        self._heard = time.monotonic(), max(0.0, time.time() - entry.position[0] / 1000)
        if entry.names_row:
            self._announced = max(self._announced, entry.revision)
            self._seen[entry.key] = max(entry.revision, self._seen.get(entry.key, 0))
        # One that comes after a loss may be the last of several.
        times = MANY if time.monotonic() - self._lost < DOUBT else ONCE
        self._hear(entry.key, Heard(times, entry.revision))

    async def compare(self) -> None:
        """Look for ever for changes that were not announced, and announce them."""
        while True:
            try:
                await self._find_missed()
            except Error as error:
                logger.warning("the database could not be asked for changes", error=str(error))
            await set_within(self._compare_now, CHECK)

    async def _find_missed(self) -> None:
        before = self._checked
        if before is None:
            self._checked = await self._threads.run(current_revision)
            return
        upto, changed = await self._threads.run(changed_since, before)
        missed = {key: revision for key, revision in changed.items() if self._seen.get(key, 0) < revision}
        if self._checked == before:
            self._checked = upto
            self._seen = {key: revision for key, revision in self._seen.items() if revision > upto}
        # Whoever listens here hears of them at once: Redis may be away, or end with what it was just told.
        if missed:
            self._lost = time.monotonic()
        for key, revision in missed.items():
            self._hear(key, Heard(MANY, revision))
        self._unannounced |= missed
        # Nobody else hears of them before Redis is back.
        with suppress(RedisError):
            await self._follower.announce(self._unannounced)
            self._unannounced.clear()
            self._tell_attached()


async def set_within(event: asyncio.Event, timeout: float) -> None:
    """Wait until an event is set, at most ``timeout`` seconds, and clear it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await event.wait()
    event.clear()
