"""How much a guest uses reaches the pages that show it, and no more often than it differs."""

from __future__ import annotations

import asyncio

import pytest
from redis import Redis

from domains.models import Domain
from domains.push import hub as hub_module
from domains.push.stream import cursor
from domains.push.usage import LIFETIME, USAGE, tell
from tests.integration.push.browser import in_loop, open_stream, running_hub
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "OPEN_EVERY", 0.05)


def page_of(domain: Domain) -> str:
    return f"domain:{domain.host.slug}/{domain.uuid}"


def say(domain: Domain, text: str) -> None:
    tell(domain.host.slug, {str(domain.uuid): text})


def held(domain: Domain, text: str) -> str:
    return f'<data id="usage-{domain.uuid}" value="{text}" hidden></data>'


@in_loop
async def test_whoever_comes_is_told_and_told_again_only_of_a_difference(domain):
    say(domain, "10/100 0:37+3")
    async with running_hub() as hub:
        async with open_stream(hub, page_of(domain), since=cursor()) as stream:
            first = await stream.next()
            say(domain, "10/100 0:37+3")
            await stream.silence()
            say(domain, "10/100 0:38")
            second = await stream.next()
        async with open_stream(hub, page_of(domain), since=cursor()) as stream:
            third = await stream.next()

    assert f'hx-target="#usage-{domain.uuid}"' in first.data
    assert held(domain, "10/100 0:37+3") in first.data
    assert second.data == third.data
    assert held(domain, "10/100 0:38") in second.data


@in_loop
async def test_what_nobody_tells_any_more_is_unknown(domain, redis):
    say(domain, "10/100 0:37")
    async with running_hub() as hub, open_stream(hub, page_of(domain), since=cursor()) as stream:
        await stream.next()
        redis.delete(f"{USAGE}{domain.host.slug}/{domain.uuid}")
        event = await stream.next()

    assert held(domain, "") in event.data


@in_loop
async def test_figures_go_with_redis(domain, redis_server):
    say(domain, "10/100 0:37")
    async with running_hub() as hub, open_stream(hub, page_of(domain), since=cursor()) as stream:
        await stream.next()
        await asyncio.to_thread(redis_server.stop)
        event = await stream.next()

    assert held(domain, "") in event.data


@in_loop
async def test_page_that_is_fetched_again_is_told_again(domain):
    say(domain, "10/100 0:37")
    async with running_hub() as hub, open_stream(hub, page_of(domain), since=cursor()) as stream:
        await stream.next()
        hub._resync_all()
        assert (await stream.next()).event == "resync"
        event = await stream.next()

    assert held(domain, "10/100 0:37") in event.data


@in_loop
async def test_what_is_no_page_is_told_nothing(domain, topic):
    say(domain, "10/100 0:37")
    async with running_hub() as hub, open_stream(hub, topic, since=cursor()) as stream:
        await stream.silence()


def test_figures_are_forgotten_unless_they_are_told_again(domain, redis: Redis):
    say(domain, "10/100 0:37")
    assert 0 < redis.ttl(f"{USAGE}{domain.host.slug}/{domain.uuid}") <= LIFETIME


def test_nobody_fails_for_want_of_redis(domain, redis_server):
    redis_server.stop()
    say(domain, "10/100 0:37")
    redis_server.start()
    with redis_server.client() as redis:
        wait_until(redis.ping, what="Redis")
        assert not redis.exists(f"{USAGE}{domain.host.slug}/{domain.uuid}")


@in_loop
async def test_page_without_figures_is_not_told_that_there_are_none(domain):
    async with running_hub() as hub, open_stream(hub, page_of(domain), since=cursor()) as stream:
        await stream.silence()


@in_loop
async def test_page_that_is_fetched_again_learns_that_figures_are_gone(domain, redis):
    say(domain, "10/100 0:37")
    async with running_hub() as hub, open_stream(hub, page_of(domain), since=cursor()) as stream:
        await stream.next()
        redis.delete(f"{USAGE}{domain.host.slug}/{domain.uuid}")
        hub._resync_all()
        await stream.until(lambda: held(domain, "").encode() in stream.body)
