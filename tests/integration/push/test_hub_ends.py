"""Who may open a stream of the hub, how many there may be, and how streams and the hub itself end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import pytest
from django.db import OperationalError

from domains.push import client, pulse, sse
from domains.push import hub as hub_module
from domains.push.follower import Follower
from domains.push.sse import TOPICS
from domains.push.stream import cursor
from domains.push.threads import THREADS
from tests.integration.push.browser import (
    People,
    Person,
    change,
    in_loop,
    in_thread,
    make_domain,
    open_stream,
    render,
    running_hub,
)
from tests.integration.push.pinging import quick_pings
from tests.waiting import LONG

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"session": None}, 403),
        ({"session": ""}, 403),
        ({"session": "mallory"}, 403),
        ({"host": "rebound.example"}, 400),
        ({"host": "bad host"}, 400),
        ({"method": "POST"}, 405),
    ],
)
@in_loop
async def test_who_may_not_listen_is_refused_without_a_redirect(topic, options, status):
    async with running_hub() as hub, open_stream(hub, topic, **options) as stream:
        assert stream.status == status
        assert "location" not in stream.headers
        assert len(hub._admitted) == 0


@pytest.mark.parametrize(
    ("topics", "status"),
    [
        ((), 400),
        (("domain:secret",), 403),
        (("fleet", "domain:secret"), 403),
        (tuple(f"row:{number}" for number in range(TOPICS + 1)), 400),
    ],
)
@in_loop
async def test_topics_are_checked_each(topics, status):
    async with running_hub() as hub, open_stream(hub, *topics) as stream:
        assert stream.status == status


@in_loop
async def test_a_session_has_ten_streams(topic):
    async with running_hub() as hub:
        for _ in range(10):
            assert hub.admit("alice")
        async with open_stream(hub, topic, since=cursor()) as stream:
            assert stream.status == 503
            assert int(stream.headers["retry-after"]) > 0
        async with open_stream(hub, topic, since=cursor(), session="bob") as stream:
            assert stream.status == 200
        hub.dismiss("alice")
        async with open_stream(hub, topic, since=cursor()) as stream:
            assert stream.status == 200


@in_loop
async def test_a_database_that_does_not_answer_is_no_fault_of_who_asks(topic, monkeypatch):
    def fail(self, session, topics):
        raise OperationalError("database is locked")

    async with running_hub() as hub:
        with monkeypatch.context() as locked:
            locked.setattr(type(hub), "_authorise", fail)
            async with open_stream(hub, topic, since=cursor()) as stream:
                assert stream.status == 503
                assert int(stream.headers["retry-after"]) > 0
        async with open_stream(hub, topic, since=cursor()) as stream:
            assert stream.status == 200


@in_loop
async def test_a_process_has_a_bounded_number_of_streams(topic, monkeypatch):
    assert (hub_module.PER_SESSION, hub_module.PER_PROCESS) == (10, 5000)
    monkeypatch.setattr(hub_module, "PER_PROCESS", 2)
    async with (
        running_hub() as hub,
        open_stream(hub, topic, since=cursor()),
        open_stream(hub, topic, since=cursor(), session="bob"),
        open_stream(hub, topic, since=cursor(), session="vera") as stream,
    ):
        assert stream.status == 503


@in_loop
async def test_streams_end_when_rights_are_looked_up_and_differ(topic, monkeypatch):
    assert hub_module.RECHECK == 30
    monkeypatch.setattr(hub_module, "RECHECK", 0.2)
    people = People()
    async with (
        running_hub(people) as hub,
        open_stream(hub, topic, since=cursor(), session="alice") as leaves,
        open_stream(hub, topic, since=cursor(), session="bob") as demoted,
        open_stream(hub, topic, since=cursor(), session="vera") as stays,
    ):
        del people.sessions["alice"]
        people.sessions["bob"] = Person(2, "see")

        assert await leaves.next() is None
        assert (await demoted.next()).event == "resync"  # its page may show less now
        assert await demoted.next() is None
        await stays.silence()
        async with open_stream(hub, topic, since=cursor(), session="alice") as again:
            assert again.status == 403


@in_loop
async def test_a_quiet_stream_pings_and_one_day_ends(domain, topic, monkeypatch):
    assert (client.PING, pulse.EVERY, sse.MAX_LIFE) == (15, 1, 900)
    quick_pings(monkeypatch)
    monkeypatch.setattr(sse, "MAX_LIFE", 3.0)
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        assert await stream.next() is None

    assert stream.body.count(b": ping\n") >= 2


@in_loop
async def test_the_cursor_moves_on_although_nothing_is_to_be_seen(domain, topic, monkeypatch):
    quick_pings(monkeypatch)
    await in_thread(change, domain, 0, "present")
    other = await in_thread(make_domain, "other")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await in_thread(change, other, 1, "present")
        await stream.until(lambda: stream.last_id == cursor())

        assert stream.slots == {}


@in_loop
async def test_a_browser_that_takes_nothing_for_long_is_let_go(domain, topic, monkeypatch):
    assert client.PATIENCE == 30
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    quick_pings(monkeypatch)
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        stream.taking.clear()
        await in_thread(change, domain, 1, "present")
        await stream.until(lambda: not hub._admitted)


@in_loop
async def test_a_fault_in_rendering_is_logged_and_pages_are_fetched_again(domain, topic, monkeypatch, caplog):
    def faulty(key, audience, wanted):
        if broken:
            raise ValueError("a fault of the pages")
        return render(key, audience, wanted)

    broken = []
    await in_thread(change, domain, 0, "present")
    async with running_hub(render=faulty) as hub, open_stream(hub, topic, since=cursor()) as stream:
        await stream.silence(0.1)
        broken.append(True)
        with caplog.at_level(logging.ERROR):
            await in_thread(change, domain, 1, "present")
            assert (await stream.next()).event == "resync"
        broken.clear()
        await asyncio.sleep(hub_module.RETRY)
        await in_thread(change, domain, 2, "present")
        await stream.until(lambda: stream.slots.get("slot-2") == "present")

    assert "stumbled" in caplog.text
    assert "a fault of the pages" in caplog.text


@in_loop
async def test_closing_ends_streams_and_admits_no_more(topic):
    async with running_hub() as hub:
        async with open_stream(hub, topic, since=cursor()) as stream:
            hub.close()
            assert await stream.next() is None
        async with open_stream(hub, topic, since=cursor()) as stream:
            assert stream.status == 503


@in_loop
async def test_a_cancellation_that_the_redis_client_loses_does_not_keep_the_hub_from_ending(monkeypatch):
    wait, lost = Follower.wait, []

    async def losing(self, after):
        try:
            return await wait(self, after)
        except asyncio.CancelledError:
            if lost:
                raise
            lost.append(True)
            return []

    monkeypatch.setattr(Follower, "wait", losing)
    async with asyncio.timeout(LONG):
        async with running_hub():
            pass

    assert lost


@in_loop
async def test_fifty_streams_add_no_thread_and_leave_nothing_behind(domain, topic):
    people = People()
    for number in range(50):
        people.sessions[f"s{number}"] = Person(number)
    async with running_hub(people) as hub:
        # The few threads that all share come with the first streams.
        for number in range(8):
            async with open_stream(hub, topic, session=f"s{number}"):
                await in_thread(change, domain, 1, f"n{number}")
        await asyncio.gather(
            *(asyncio.to_thread(time.sleep, 0.05) for _ in range(8)),
            *(hub._threads.run(time.sleep, 0.05) for _ in range(2 * THREADS)),
        )
        before = threading.active_count()
        streams = [open_stream(hub, topic, session=f"s{number}") for number in range(50)]
        opened = [await stream.__aenter__() for stream in streams]
        await in_thread(change, domain, 5, "present")
        for stream in opened:
            await stream.until(lambda stream=stream: stream.slots.get("slot-5") == "present")

        assert threading.active_count() <= before
        for stream in streams:
            await stream.__aexit__(None, None, None)
        assert not hub._delivery.clients
        assert not hub._delivery.wanted
        assert not hub._admitted
