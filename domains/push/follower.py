"""The hub's two connections to Redis: one that waits for announcements, one that asks and announces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from domains.push.client import Position, as_position
from domains.push.stream import MAXLEN, OPEN, STREAM

BLOCK = 5.0  # seconds that one read waits for an announcement
ANSWER = 2.0  # seconds within which Redis answers anything else
ASKERS = 8  # connections; when a thousand browsers come back at once, they take turns
REPLAY = 1000  # announcements; who missed more than that fetches the page again
LOOKBACK = 20  # announcements that are enough to tell which revision a cursor stands for
KINDS = frozenset({"domain", "operation", "host", "batch"})
START: Position = (0, 0)

Entries = Iterable[tuple[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One entry of the stream."""

    position: Position
    key: str
    revision: int

    @property
    def names_row(self) -> bool:
        """Whether it is about a row that has revisions. A forged one can only cause a look at the database."""
        return names_row(self.key)


def names_row(key: str) -> bool:
    """Whether a key is that of a domain, an operation, a host or a batch."""
    kind, _, number = key.partition(":")
    return kind in KINDS and number.isascii() and number.isdigit() and len(number) < 19


@dataclass(frozen=True, slots=True)
class Since:
    """What came after a cursor, and a revision that was certainly visible when the cursor was taken."""

    missed: list[Announcement]
    known: int


class Follower:
    """Reads and writes the stream. Every method raises ``RedisError`` while Redis does not answer."""

    def __init__(self, url: str) -> None:
        # One that waits and is told of nothing is not dead before its wait is over.
        self._reader = _connect(url, timeout=BLOCK + ANSWER, retries=0, connections=1)
        self._asker = _connect(url, timeout=ANSWER, retries=1, connections=ASKERS)

    async def wait(self, after: Position) -> list[Announcement]:
        """Give the next announcements after a position, an empty list if there were none for a while."""
        reply = await self._reader.xread({STREAM: as_id(after)}, count=REPLAY, block=int(BLOCK * 1000))
        # The only stream asked for, as a pair of its name and its entries.
        return _read(cast("list[tuple[str, Entries]]", reply)[0][1]) if reply else []

    async def everything(self) -> list[Announcement]:
        """Give all announcements that are kept."""
        return _read(cast("Entries", await self._asker.xrange(STREAM)))

    async def end(self) -> Position:
        """Give the position of the last announcement, ``START`` if there is none."""
        entries = _read(cast("Entries", await self._asker.xrevrange(STREAM, count=1)))
        return entries[0].position if entries else START

    async def begin(self) -> None:
        """Give an empty stream a first entry, which stands for nothing."""
        await self._asker.xadd(STREAM, {"k": "", "v": 0})

    async def mark_open(self, uuids: Iterable[str], seconds: int) -> None:
        """Say for a while that somebody has these domains' pages open."""
        pipeline = self._asker.pipeline(transaction=False)
        for uuid in uuids:
            pipeline.set(f"{OPEN}{uuid}", "1", ex=seconds)
        await pipeline.execute()

    async def values(self, keys: list[str]) -> list[str | None]:
        """Look up short-lived figures; None for each that nobody tells any more."""
        return cast("list[str | None]", await self._asker.mget(keys)) if keys else []

    async def since(self, cursor: Position | None) -> Since | None:
        """Look up what came after a cursor. None when that cannot be told: trimmed, lost, or too much."""
        pipeline = self._asker.pipeline()
        pipeline.xrange(STREAM, count=1)
        pipeline.xrevrange(STREAM, count=1)
        pipeline.xrange(STREAM, min=f"({as_id(cursor or START)}", count=REPLAY)
        pipeline.xrevrange(STREAM, max=as_id(cursor or START), count=LOOKBACK)
        first, last, missed, before = (_read(entries) for entries in await pipeline.execute())
        if not last:
            return Since([], 0) if cursor == START else None
        if cursor is None or not first[0].position <= cursor <= last[0].position or len(missed) == REPLAY:
            return None
        # Revisions become visible in their order, so each that was announced by then was visible by then. A browser
        # that comes back was only told of those announced, so it lacks what is missed even if that is an older one.
        known = max(entry.revision for entry in before)
        return Since(missed, min([known, *(entry.revision - 1 for entry in missed if entry.names_row)]))

    async def announce(self, revisions: Mapping[str, int]) -> None:
        """Announce what was found not to have been; with nothing to announce, see whether Redis answers."""
        pipeline = self._asker.pipeline(transaction=False)
        pipeline.ping()
        for key, revision in revisions.items():
            pipeline.xadd(STREAM, {"k": key, "v": revision}, maxlen=MAXLEN, approximate=True)
        await pipeline.execute()

    async def close(self) -> None:
        """Close both connections."""
        await self._reader.aclose()
        await self._asker.aclose()


def _connect(url: str, *, timeout: float, retries: int, connections: int) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        max_connections=connections,
        timeout=None,
        socket_connect_timeout=ANSWER,
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), retries),
    )
    return Redis.from_pool(pool)


def as_id(position: Position) -> str:
    """Write a position as Redis does."""
    return f"{position[0]}-{position[1]}"


def _read(entries: Entries) -> list[Announcement]:
    """Read entries; what is no announcement stands for nothing, but keeps its position."""
    found = []
    for name, fields in entries:
        position, revision = as_position(name), fields.get("v", "")
        if position is not None:
            valid = revision.isascii() and revision.isdigit() and len(revision) <= 18
            found.append(Announcement(position, fields.get("k", ""), int(revision) if valid else 0))
    return found
