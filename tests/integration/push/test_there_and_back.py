"""A slot that turns and turns back before it is drawn looks as before; who saw it in between is told all the same."""

from __future__ import annotations

import threading

import pytest

from domains.push import listener
from domains.push.follower import Follower
from domains.push.stream import cursor
from tests.integration.push.browser import (
    caught_up,
    change,
    in_loop,
    in_thread,
    open_stream,
    out_of_reach,
    primed,
    render,
    running_hub,
)

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


async def page_made_in_between(domain, *, announce: bool = True) -> str:
    """Turn slot 1 and back, and give the cursor of a page that was made in between."""
    await in_thread(change, domain, 1, "there", announce=announce)
    since = cursor()
    await in_thread(change, domain, 1, "absent", announce=announce)
    return since


@in_loop
async def test_there_and_back_while_something_else_is_drawn(domain, topic):
    free = threading.Event()
    free.set()

    def slow(key, audience, wanted):
        free.wait()
        return render(key, audience, wanted)

    await in_thread(change, domain, 0, "present")
    async with running_hub(render=slow) as hub, open_stream(hub, topic, since=cursor()) as first:
        await primed(hub)
        await in_thread(change, domain, 2, "present")
        await first.until(lambda: "slot-2" in first.slots)
        free.clear()
        await in_thread(change, domain, 3, "present")
        try:
            since = await page_made_in_between(domain)
            async with open_stream(hub, topic, since=since) as stream:
                free.set()
                await stream.until(lambda: stream.slots.get("slot-1") == "absent")
            assert "slot-1" not in first.slots  # which was there all the time
        finally:
            free.set()


@in_loop
async def test_there_and_back_without_a_word(domain, topic, monkeypatch):
    monkeypatch.setattr(listener, "CHECK", 3600.0)
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()):
        await primed(hub)
        await in_thread(change, domain, 2, "present")
        await caught_up(hub)
        since = await page_made_in_between(domain, announce=False)
        async with open_stream(hub, topic, since=since) as stream:
            await stream.silence()
            hub._listener._compare_now.set()
            await stream.until(lambda: stream.slots.get("slot-1") == "absent")


@in_loop
async def test_there_and_back_while_a_sender_has_not_found_redis_again(domain, topic, monkeypatch):
    monkeypatch.setattr(listener, "CHECK", 3600.0)
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as first:
        await primed(hub)

        with monkeypatch.context() as away:
            away.setattr(Follower, "wait", out_of_reach)
            await in_thread(change, domain, 2, "present")  # of which the one that still waits hears
            await first.until(lambda: "slot-2" in first.slots and not hub.figures().attached)
        await first.until(lambda: hub.figures().attached)
        await caught_up(hub)
        since = await page_made_in_between(domain, announce=False)
        async with open_stream(hub, topic, since=since) as stream:
            await in_thread(change, domain, 3, "present")
            await stream.until(lambda: stream.slots.get("slot-1") == "absent")


@in_loop
async def test_who_was_given_a_drawing_is_not_given_all_of_it_again(domain, topic):
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await primed(hub)
        await in_thread(change, domain, 2, "present")
        await stream.until(lambda: "slot-2" in stream.slots)
        for number in range(20):
            await in_thread(change, domain, 2 + number % 2, f"n{number}")
        await stream.until(lambda: stream.slots.get("slot-3") == "n19")

        assert stream.slots.keys() == {"slot-2", "slot-3"}
