"""What the hub tells of itself: open streams, how late they are, and up to where everything was heard."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from domains.models.revision import current_revision
from domains.push.figures import hub_figures, tell_by
from domains.push.follower import Follower
from domains.push.stream import STREAM, cursor
from tests.integration.push.browser import (
    change,
    in_loop,
    in_thread,
    open_stream,
    render,
    running_hub,
)
from tests.waiting import LONG

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


async def until(condition):
    async with asyncio.timeout(LONG):
        while not condition():
            await asyncio.sleep(0.02)


@in_loop
async def test_streams_are_counted_while_they_are_open(topic):
    async with running_hub() as hub:
        async with open_stream(hub, topic, since=cursor()), open_stream(hub, topic, since=cursor()):
            assert hub.figures().streams == 2
        await until(lambda: hub.figures().streams == 0)


@in_loop
async def test_revision_follows_what_was_announced(domain, topic):
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        assert hub.figures().attached
        await in_thread(change, domain, 5, "present")
        await stream.next()

        assert hub.figures().revision == await in_thread(current_revision)


@in_loop
async def test_announcement_that_comes_late_is_told_as_late(domain, redis, monkeypatch):
    async def leave_empty(self):
        pass

    monkeypatch.setattr(Follower, "begin", leave_empty)  # or none could be older than the first entry
    async with running_hub() as hub:
        sent = int(time.time() * 1000) - 90_000
        await in_thread(lambda: redis.xadd(STREAM, {"k": f"domain:{domain.pk}", "v": 7}, id=f"{sent}-0"))
        await until(lambda: hub.figures().lag > 0)

        assert hub.figures().lag >= 90


@in_loop
async def test_what_cannot_be_drawn_keeps_the_streams_behind(domain, topic):
    may_draw = threading.Event()

    def draw(*asked):
        may_draw.wait(LONG)
        return render(*asked)

    async with running_hub(render=draw) as hub, open_stream(hub, topic, since=cursor()) as stream:
        await in_thread(change, domain, 5, "present")
        await until(lambda: hub.figures().lag > 0.2)
        behind = hub.figures().lag
        await until(lambda: hub.figures().lag > behind)
        may_draw.set()
        await stream.next()
        await until(lambda: hub.figures().lag < behind)


@in_loop
async def test_hub_without_redis_says_that_it_hears_nothing(redis_server, domain):
    async with running_hub() as hub:
        await in_thread(redis_server.stop)
        await until(lambda: not hub.figures().attached)
        await in_thread(change, domain, 5, "present")
        expected = await in_thread(current_revision)
        await until(lambda: hub.figures().revision == expected)  # looked up in the database


@in_loop
async def test_process_gives_the_figures_of_its_hub(topic, monkeypatch):
    monkeypatch.setattr("domains.push.figures._Hub.figures", None)
    assert hub_figures() is None
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()):
        tell_by(hub.figures)
        assert hub_figures().streams == 1
