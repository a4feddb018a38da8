"""Plays thousands of browsers that hold a stream open, and changes what they look at."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from redis import Redis

from bench.browser import SLOTS, Browser
from bench.site import memory, start_redis
from domains.models import Domain, Grant, Host
from domains.models.revision import next_revision
from domains.push.stream import cursor, publish

PER_SESSION = 10
# How many look at the guest that is changed, of how many streams in all.
STEPS = ((1, 1), (100, 100), (1_000, 1_000), (1_000, 5_000), (5_000, 5_000))
SOME = 1_000  # streams, from which on each one's memory can be told from the process's own
BREAKING = 1_000  # streams, while connections are broken
CHANGES = 20  # for each step
AT_ONCE = 50  # connections that are being opened
CUTTING = 20.0  # seconds
PATIENCE = 90.0  # seconds
Samples = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class World:
    """What is in the database: sessions of operators, the guest that is changed, and one that is not."""

    sessions: list[str]
    watched: Domain
    quiet: Domain


def measure(port: str, pid: str) -> Samples:
    """Give milliseconds from a change's commit to each viewer's news, KB a stream, and how many missed something."""
    return asyncio.run(_measure(int(port), int(pid), _world()))


async def _measure(port: int, pid: int, world: World) -> Samples:
    samples: Samples = {}
    crowd = _Crowd(port, world)
    empty = memory(pid)
    for viewers, streams in STEPS:
        async with crowd.watching(viewers, streams):
            if streams >= SOME:
                samples.setdefault(f"memory {streams}", [(memory(pid) - empty) / streams])
            samples[f"seen {viewers} {streams}"] = [
                took for _ in range(CHANGES) for took in await crowd.change()
            ]
    for name, trouble in (("broken connections", crowd.cut), ("Redis ended", crowd.end_redis)):
        async with crowd.watching(BREAKING, BREAKING):
            samples[name] = await crowd.miss(trouble)
    crowd.close()
    return samples


class _Crowd:
    """All browsers, of which the first ones look at the guest that is changed."""

    def __init__(self, port: int, world: World) -> None:
        self._port, self._world = port, world
        self._present = {slot: slot < 2 for slot in SLOTS}
        self._viewers: list[Browser] = []
        self._redis: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        """End what was started here."""
        for redis in self._redis:
            redis.terminate()
            redis.wait()

    @asynccontextmanager
    async def watching(self, viewers: int, streams: int) -> AsyncIterator[None]:
        """Open so many streams, of which ``viewers`` follow the guest that is changed; close them at the end."""
        since, gate = await sync_to_async(cursor)(), asyncio.Semaphore(AT_ONCE)

        async def opened(number: int) -> Browser:
            async with gate:
                domain = self._world.watched if number < viewers else self._world.quiet
                session = self._world.sessions[number // PER_SESSION]
                page = f"/domains/{domain.host.slug}/{domain.uuid}/"
                browser = Browser(
                    self._port, session, page, f"domain:{domain.host.slug}/{domain.uuid}", since
                )
                browser.shown = dict(self._present)
                await asyncio.wait_for(browser.opened.wait(), PATIENCE)
                return browser

        browsers = await asyncio.gather(*(opened(number) for number in range(streams)))
        self._viewers = browsers[:viewers]
        await asyncio.sleep(2)  # what the opening itself brought along is sent
        yield
        await asyncio.gather(*(browser.close() for browser in browsers))
        await asyncio.sleep(2)

    async def change(self) -> list[float]:
        """Turn a slot, and give how long each viewer waited for it, in milliseconds."""
        slot, committed = await self._turn()
        await self._all_show()
        return [(browser.turned[slot] - committed) * 1000 for browser in self._viewers]

    async def miss(self, trouble: Callable[[], Awaitable[None]]) -> list[float]:
        """Turn slots while there is trouble; give how many viewers do not show it all in the end, and of how many."""
        until = time.monotonic() + CUTTING
        while time.monotonic() < until:
            await self._turn()
            await trouble()
            await asyncio.sleep(0.2)
        await self._all_show()
        return [float(self._behind()), float(len(self._viewers))]

    async def cut(self) -> None:
        """Break a few connections."""
        for browser in random.sample(self._viewers, len(self._viewers) // 20):
            browser.cut()

    async def end_redis(self) -> None:
        """Now and then end Redis, which forgets everything by it, and start it again."""
        if random.random() < 0.1:  # noqa: S311
            with Redis.from_url(settings.REDIS_URL) as redis:
                redis.shutdown(nosave=True)
            await asyncio.sleep(1)
            self._redis.append(start_redis(settings.VAR))
        await self.cut()

    async def _turn(self) -> tuple[int, float]:
        slot = random.choice(SLOTS)  # noqa: S311
        self._present[slot] = not self._present[slot]
        return slot, await sync_to_async(_write)(self._world.watched.pk, dict(self._present))

    async def _all_show(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._behind() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    def _behind(self) -> int:
        return sum(browser.shown != self._present for browser in self._viewers)


def _write(pk: int, present: dict[int, bool]) -> float:
    with transaction.atomic():
        revision = next_revision()
        Domain.objects.filter(pk=pk).update(live=_map(present), revision=revision)
        publish(f"domain:{pk}", revision)
        committing = time.monotonic()
    return committing


def _map(present: dict[int, bool]) -> dict[str, object]:
    ids = ",".join(str(slot) for slot, there in present.items() if there)
    return {"max": len(SLOTS), "present": ids, "removable": ids}


def _world() -> World:
    now = datetime.now(UTC)
    host = Host.objects.create(slug="bench", state="connected", state_since=now, last_seen=now)
    slots = _map({slot: slot < 2 for slot in SLOTS})
    kept = {"state": "running", "live": slots, "config": slots, "run": 1, "synced_at": now}
    watched, quiet = (
        Domain.objects.create(host=host, uuid=uuid.uuid4(), name=name, revision=number, **kept)
        for number, name in enumerate(("watched", "quiet"))
    )
    return World(
        [_session(number) for number in range(max(streams for _, streams in STEPS) // PER_SESSION)],
        watched,
        quiet,
    )


def _session(number: int) -> str:
    user = get_user_model().objects.create_user(f"operator{number}")
    Grant.objects.create(user=user, role="operator")
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value
