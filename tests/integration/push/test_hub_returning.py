"""Browsers that come back, were away or took nothing for a while end with what is true."""

from __future__ import annotations

import asyncio

import pytest
from django.db import transaction

from domains.models.revision import current_revision
from domains.push import listener
from domains.push.follower import Follower
from domains.push.stream import STREAM, cursor, publish
from tests.integration.push.browser import (
    caught_up,
    change,
    in_loop,
    in_thread,
    make_domain,
    open_stream,
    out_of_reach,
    primed,
    running_hub,
)
from tests.integration.push.pinging import quick_pings
from tests.waiting import LONG

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


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
async def test_an_older_change_that_was_announced_later_is_new_to_who_comes_back(domain, topic):
    other = await in_thread(make_domain, "web02")
    await in_thread(change, other, 1, "present")
    await in_thread(change, domain, 2, "present", announce=False)
    older = await in_thread(current_revision)
    await in_thread(change, other, 3, "present")
    since = cursor()
    await in_thread(announce, domain, older)
    async with running_hub() as hub, open_stream(hub, topic, since=since) as stream:
        await stream.until(lambda: stream.slots.get("slot-2") == "present")


@in_loop
async def test_who_comes_while_redis_is_away_keeps_its_cursor_until_it_is_whole(domain, topic, monkeypatch):
    quick_pings(monkeypatch)
    monkeypatch.setattr(listener, "CHECK", 3600.0)
    await in_thread(change, domain, 1, "present")
    since = cursor()
    await in_thread(change, domain, 2, "present")
    async with running_hub() as hub:
        with monkeypatch.context() as away:
            away.setattr(Follower, "since", out_of_reach)
            away.setattr(
                Follower, "announce", out_of_reach
            )  # or the first comparison would tell that it is there
            async with open_stream(hub, topic, since=since) as stream:
                await in_thread(change, domain, 3, "present")
                await stream.until(lambda: "slot-3" in stream.slots)
                assert stream.last_id == ""
        async with open_stream(hub, topic, since=since, last_event_id=since) as stream:
            await stream.until(lambda: {"slot-2", "slot-3"} <= stream.slots.keys())


@in_loop
async def test_who_comes_back_is_told_of_an_older_change_that_is_still_to_be_announced(
    domain, topic, monkeypatch
):
    monkeypatch.setattr(listener, "CHECK", 3600.0)
    other = await in_thread(make_domain, "web02")
    await in_thread(change, domain, 0, "present")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as first:
        await primed(hub)
        await in_thread(change, domain, 1, "present", announce=False)
        await in_thread(change, other, 0, "present")
        last = cursor()

        with monkeypatch.context() as away:
            away.setattr(Follower, "announce", out_of_reach)
            hub._listener._compare_now.set()
            await first.until(lambda: first.slots.get("slot-1") == "present")
            async with open_stream(hub, topic, last_event_id=last) as stream:
                away.undo()
                hub._listener._compare_now.set()
                await stream.until(lambda: stream.slots.get("slot-1") == "present")


@in_loop
async def test_redis_that_was_started_anew_gets_a_first_entry(redis):
    async with running_hub() as hub:
        first = cursor()
        await asyncio.to_thread(redis.flushall)
        assert cursor() == "0-0"
        await asyncio.to_thread(redis.client_kill_filter, _type="normal", skipme=True)
        async with asyncio.timeout(LONG):
            while cursor() == "0-0":
                await asyncio.sleep(0.05)

    assert hub.figures().streams == 0
    assert "0-0" < first < cursor()


@in_loop
async def test_who_comes_to_a_redis_that_the_hub_has_not_found_again_fetches_the_page(
    domain, topic, redis, monkeypatch
):
    monkeypatch.setattr(listener, "CHECK", 3600.0)
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as first:
        with monkeypatch.context() as away:
            away.setattr(Follower, "wait", out_of_reach)
            await in_thread(change, domain, 2, "present")
            await first.until(lambda: not hub.figures().attached)
            await asyncio.to_thread(redis.flushall)
            async with open_stream(hub, topic, since="0-0") as stream:
                away.undo()
                assert (await stream.next()).event == "resync"


def announce(domain, revision):
    with transaction.atomic():
        publish(f"domain:{domain.pk}", revision)


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
async def test_what_was_found_by_looking_arrives_although_redis_loses_its_announcement(
    domain, topic, redis, monkeypatch
):
    announce = Follower.announce

    async def lose(self, revisions):
        await announce(self, dict.fromkeys(["nonsense"] if revisions else [], 0))

    await in_thread(change, domain, 0, "start")
    monkeypatch.setattr(listener, "CHECK", 0.1)
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await stream.silence()
        monkeypatch.setattr(Follower, "announce", lose)
        await in_thread(change, domain, 5, "present", announce=False)
        await stream.until(lambda: stream.slots.get("slot-5") == "present")


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
        while not events[-1].slots:  # what is still under way may be too much once more
            await in_thread(change, domain, 5, f"later{len(events)}")
            events.append(await stream.next())
        assert events[-1].slots.keys() == {"slot-5"}
        await stream.until(lambda: stream.slots["slot-5"] == f"later{len(events) - 1}")
