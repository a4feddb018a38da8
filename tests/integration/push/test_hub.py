"""What changes is sent to whom it concerns, each element once."""

from __future__ import annotations

import asyncio

import pytest

from domains.push import hub as hub_module
from domains.push import listener
from domains.push.stream import OPEN, cursor
from tests.integration.push.browser import (
    change,
    in_loop,
    in_thread,
    make_domain,
    open_stream,
    render,
    running_hub,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


@in_loop
async def test_a_change_is_sent_as_the_one_element_that_differs(domain, topic):
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await stream.silence()
        await in_thread(change, domain, 5, "present")

        event = await stream.next()

    assert event.slots == {"slot-5": "present"}
    assert event.data.startswith('<hx-partial hx-target="#slot-5" hx-swap="outerMorph">')
    assert event.id == cursor()
    assert event.event == ""


@in_loop
async def test_stream_is_not_to_be_stored_or_buffered(domain, topic):
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        headers = stream.headers

    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"


@in_loop
async def test_watchers_are_told_what_is_open_for_as_long_as_it_is(domain, topic, redis, monkeypatch):
    monkeypatch.setattr(hub_module, "OPEN_EVERY", 0.05)
    monkeypatch.setattr(hub_module, "OPEN_FOR", 1)
    key = f"{OPEN}{domain.uuid}"
    async with running_hub() as hub:
        async with open_stream(hub, topic, since=cursor()):
            await asyncio.to_thread(wait_until, lambda: redis.exists(key), what="the hint")
        await asyncio.to_thread(wait_until, lambda: not redis.exists(key), what="the end of the hint")


@in_loop
async def test_each_audience_gets_its_own_and_nobody_what_they_may_not_see(domain, topic):
    async with (
        running_hub() as hub,
        open_stream(hub, topic, since=cursor(), session="alice") as changes,
        open_stream(hub, topic, since=cursor(), session="vera") as sees,
        open_stream(hub, topic, since=cursor(), session="nora") as nothing,
    ):
        await in_thread(change, domain, 5, "present")

        assert '<button id="slot-5">' in (await changes.next()).data
        assert '<span id="slot-5">' in (await sees.next()).data
        await nothing.silence()


@in_loop
async def test_a_fragment_is_rendered_once_for_each_audience(domain, topic):
    calls = []

    def counted(key, audience, wanted):
        calls.append((key, audience))
        return render(key, audience, wanted)

    await in_thread(change, domain, 0, "present")
    async with (
        running_hub(render=counted) as hub,
        open_stream(hub, topic, session="alice", since=cursor()) as first,
        open_stream(hub, topic, session="alice", since=cursor()) as second,
        open_stream(hub, topic, session="bob", since=cursor()) as third,
    ):
        await first.silence(0.1)
        calls.clear()
        await in_thread(change, domain, 5, "present")
        for stream in (first, second, third):
            await stream.next()

    assert calls == [(f"domain:{domain.pk}", "change")]


@in_loop
async def test_a_page_made_between_commit_and_announcement_gets_the_element_all_the_same(
    domain, topic, redis
):
    """Another's event may already have shown the hub what this page lacks."""
    await in_thread(change, domain, 0, "present")
    old = cursor()
    async with running_hub() as hub, open_stream(hub, topic, since=old) as other:
        # Committed, but its announcement is on the way still when the hub draws for another reason.
        await in_thread(change, domain, 5, "present", announce=False)
        await in_thread(change, domain, 6, "present")
        await other.until(lambda: other.slots.get("slot-5") == "present")
        async with open_stream(hub, topic, since=old) as late:
            await late.until(lambda: late.slots.get("slot-5") == "present")


@in_loop
async def test_a_change_that_was_never_announced_is_looked_up_every_five_seconds(domain, topic, monkeypatch):
    assert listener.CHECK <= 5
    monkeypatch.setattr(listener, "CHECK", 0.2)
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await in_thread(change, domain, 5, "present", announce=False)

        await stream.until(lambda: stream.slots.get("slot-5") == "present")


@in_loop
async def test_a_lost_announcement_is_found_although_a_later_one_came(domain, topic, monkeypatch):
    monkeypatch.setattr(listener, "CHECK", 0.3)
    other = await in_thread(make_domain, "other")
    await in_thread(change, domain, 0, "present")
    since = cursor()
    async with running_hub() as hub:
        await in_thread(change, domain, 5, "present", announce=False)
        await in_thread(change, other, 1, "present")
        await asyncio.sleep(0.6)
        # It was announced again, so that those who were away find it as well.
        async with open_stream(hub, topic, since=since) as stream:
            await stream.until(lambda: stream.slots.get("slot-5") == "present")


@in_loop
async def test_with_redis_down_changes_are_found_and_streams_stay(domain, topic, redis_server, monkeypatch):
    monkeypatch.setattr(listener, "CHECK", 0.2)
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await asyncio.to_thread(redis_server.stop)
        await in_thread(change, domain, 5, "present")
        await stream.until(lambda: stream.slots.get("slot-5") == "present" and not hub.figures().attached)
        async with open_stream(hub, topic, since=cursor()) as new:
            await new.silence()
            await in_thread(change, domain, 6, "present")
            await new.until(lambda: new.slots.get("slot-6") == "present")
            await asyncio.to_thread(redis_server.start)
            # What the new one may have missed nobody can tell, so it is told to look.
            while (await new.next()).event != "resync":
                pass
            await in_thread(change, domain, 7, "present")
            await stream.until(lambda: stream.slots.get("slot-7") == "present")
        assert not stream.ended
