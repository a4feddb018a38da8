from __future__ import annotations

import asyncio
import logging
import threading
import time

import pytest

from domains.push import client, listener, pulse, sse
from domains.push import hub as hub_module
from domains.push.follower import Follower
from domains.push.sse import TOPICS
from domains.push.stream import OPEN, STREAM, cursor
from domains.push.threads import THREADS
from tests.integration.push.browser import (
    People,
    Person,
    caught_up,
    change,
    in_loop,
    in_thread,
    make_domain,
    open_stream,
    render,
    running_hub,
)
from tests.waiting import LONG, wait_until

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


def quick_pings(monkeypatch):
    monkeypatch.setattr(client, "PING", 0.1)
    monkeypatch.setattr(pulse, "EVERY", 0.02)


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
    async with running_hub() as hub, open_stream(hub, topic, since="0-0") as stream:
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
async def test_what_happened_while_the_browser_was_away_is_replayed(domain, topic, monkeypatch):
    quick_pings(monkeypatch)
    since = cursor()
    async with running_hub() as hub:
        async with open_stream(hub, topic, since=since) as stream:
            await in_thread(change, domain, 1, "present")
            await stream.until(lambda: stream.slots.get("slot-1") == "present")
            last = stream.last_id
        await in_thread(change, domain, 2, "present")
        await in_thread(change, domain, 3, "present")
        # The address is still that of the first time; the header says where the browser really is.
        async with open_stream(hub, topic, since=since, last_event_id=last) as stream:
            await stream.until(lambda: {"slot-2", "slot-3"} <= stream.slots.keys())
            await stream.until(lambda: stream.last_id == cursor())


@in_loop
async def test_the_header_counts_more_than_the_address(domain, topic):
    await in_thread(change, domain, 1, "present")
    old = cursor()
    await in_thread(change, domain, 2, "present")
    async with running_hub() as hub:
        async with open_stream(hub, topic, since=old, last_event_id=cursor()) as stream:
            await stream.silence()
        async with open_stream(hub, topic, since=cursor(), last_event_id=old) as stream:
            assert (await stream.next()).slots["slot-2"] == "present"


@in_loop
async def test_nothing_is_lost_when_the_hub_loses_its_connection_again_and_again(
    domain, topic, redis, monkeypatch
):
    quick_pings(monkeypatch)  # what was found by looking is sent before its announcement is read
    await in_thread(change, domain, 0, "start")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        for number in range(100):
            if number % 20 == 10:
                await asyncio.to_thread(redis.client_kill_filter, _type="normal", skipme=True)
            await in_thread(change, domain, number % 8, f"n{number}")
        await stream.until(lambda: [stream.slots.get(f"slot-{n % 8}") for n in range(92, 100)] == LAST)

        await stream.until(lambda: stream.last_id == cursor())


LAST = [f"n{number}" for number in range(92, 100)]


@in_loop
async def test_a_browser_that_comes_and_goes_ends_with_what_is_true(domain, topic):
    await in_thread(change, domain, 0, "start")
    position, page = cursor(), {}
    async with running_hub() as hub:

        async def write():
            for number in range(60):
                await in_thread(change, domain, number % 8, f"n{number}")

        writing = asyncio.create_task(write())
        for _ in range(12):
            async with open_stream(hub, topic, since="0-1", last_event_id=position) as stream:
                await asyncio.sleep(0.02)
            page |= stream.slots
            position = stream.last_id or position
        await writing
        async with open_stream(hub, topic, last_event_id=position) as stream:
            await stream.until(
                lambda: (page | stream.slots) == {f"slot-{n % 8}": f"n{n}" for n in range(52, 60)}
            )


@pytest.mark.parametrize("since", ["1-0", "99999999999999-0", "", "nonsense", "0-0", "1-0\nid: 2-0"])
@in_loop
async def test_a_cursor_that_leads_nowhere_means_fetching_the_page_again(domain, topic, since):
    await in_thread(change, domain, 1, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=since) as stream:
        event = await stream.next()
        await in_thread(change, domain, 2, "present")

        assert (event.event, event.data) == ("resync", "resync")
        assert (await stream.next()).slots["slot-2"] == "present"


@in_loop
async def test_a_trimmed_cursor_means_fetching_the_page_again(domain, topic, redis):
    await in_thread(change, domain, 1, "present")
    trimmed = cursor()
    for number in range(3):
        await in_thread(change, domain, 1, f"n{number}")
    redis.xtrim(STREAM, maxlen=2, approximate=False)
    async with running_hub() as hub, open_stream(hub, topic, last_event_id=trimmed) as stream:
        event = await stream.next()

    assert event.event == "resync"
    assert event.id == cursor()


@in_loop
async def test_who_missed_too_much_fetches_the_page_again(domain, topic, redis):
    await in_thread(change, domain, 1, "present")
    since = cursor()
    for number in range(201):
        redis.xadd(STREAM, {"k": f"domain:{number + 1000}", "v": 1})
    async with running_hub() as hub, open_stream(hub, topic, since=since) as stream:
        assert (await stream.next()).event == "resync"


@in_loop
async def test_a_browser_that_takes_nothing_gets_each_element_once_and_last(domain, topic):
    await in_thread(change, domain, 1, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await in_thread(change, domain, 1, "first")
        await stream.next()
        stream.taking.clear()
        for number in range(30):
            await in_thread(change, domain, number % 2, f"n{number}")
        await caught_up(hub)
        before = len(stream.body)
        stream.taking.set()
        await stream.until(lambda: (stream.slots.get("slot-0"), stream.slots.get("slot-1")) == ("n28", "n29"))

        assert stream.body[before:].count(b"<hx-partial") <= 4


@in_loop
async def test_a_browser_too_far_behind_fetches_the_page_again(domain, topic, monkeypatch):
    monkeypatch.setattr("domains.push.client.PENDING", 3)
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        stream.taking.clear()
        for slot in range(8):
            await in_thread(change, domain, slot, "changed")
        await caught_up(hub)
        stream.taking.set()
        events = [await stream.next()]
        while events[-1].event != "resync":
            events.append(await stream.next())

        assert sum(len(event.slots) for event in events) <= 4
        await in_thread(change, domain, 5, "later")
        assert (await stream.next()).slots == {"slot-5": "later"}


@in_loop
async def test_each_audience_gets_its_own_and_nobody_what_they_may_not_see(domain, topic):
    async with (
        running_hub() as hub,
        open_stream(hub, topic, since="0-0", session="alice") as changes,
        open_stream(hub, topic, since="0-0", session="vera") as sees,
        open_stream(hub, topic, since="0-0", session="nora") as nothing,
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

        event = await stream.next()

    assert event.slots == {"slot-5": "present"}


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
        await stream.until(lambda: stream.slots == {"slot-5": "present"} and not hub.figures().attached)
        async with open_stream(hub, topic, since="0-0") as new:
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
        async with open_stream(hub, topic, since="0-0") as stream:
            assert stream.status == 503
            assert int(stream.headers["retry-after"]) > 0
        async with open_stream(hub, topic, since="0-0", session="bob") as stream:
            assert stream.status == 200
        hub.dismiss("alice")
        async with open_stream(hub, topic, since="0-0") as stream:
            assert stream.status == 200


@in_loop
async def test_a_process_has_a_bounded_number_of_streams(topic, monkeypatch):
    assert (hub_module.PER_SESSION, hub_module.PER_PROCESS) == (10, 5000)
    monkeypatch.setattr(hub_module, "PER_PROCESS", 2)
    async with (
        running_hub() as hub,
        open_stream(hub, topic, since="0-0"),
        open_stream(hub, topic, since="0-0", session="bob"),
        open_stream(hub, topic, since="0-0", session="vera") as stream,
    ):
        assert stream.status == 503


@in_loop
async def test_streams_end_when_rights_are_looked_up_and_differ(topic, monkeypatch):
    assert hub_module.RECHECK == 30
    monkeypatch.setattr(hub_module, "RECHECK", 0.2)
    people = People()
    async with (
        running_hub(people) as hub,
        open_stream(hub, topic, since="0-0", session="alice") as leaves,
        open_stream(hub, topic, since="0-0", session="bob") as demoted,
        open_stream(hub, topic, since="0-0", session="vera") as stays,
    ):
        del people.sessions["alice"]
        people.sessions["bob"] = Person(2, "see")

        assert await leaves.next() is None
        assert (await demoted.next()).event == "resync"  # its page may show less now
        assert await demoted.next() is None
        await stays.silence()
        async with open_stream(hub, topic, since="0-0", session="alice") as again:
            assert again.status == 403


@in_loop
async def test_a_quiet_stream_pings_and_one_day_ends(domain, topic, monkeypatch):
    assert (client.PING, pulse.EVERY, sse.MAX_LIFE) == (15, 1, 900)
    quick_pings(monkeypatch)
    monkeypatch.setattr(sse, "MAX_LIFE", 0.5)
    async with running_hub() as hub, open_stream(hub, topic, since="0-0") as stream:
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
    async with running_hub() as hub, open_stream(hub, topic, since="0-0") as stream:
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
        async with open_stream(hub, topic, since="0-0") as stream:
            hub.close()
            assert await stream.next() is None
        async with open_stream(hub, topic, since="0-0") as stream:
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
