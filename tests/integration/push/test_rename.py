"""A guest is judged by what it is called now: whoever looks at it under its old name fetches the page anew."""

from __future__ import annotations

import asyncio

import pytest
from django.db import transaction
from django.test import Client

from domains.models import Domain, Grant
from domains.models.revision import next_revision
from domains.push import hub as hub_module
from domains.push.stream import cursor, publish
from domains.push.topics import page_topic, row_topic
from domains.web.fragments import render
from domains.web.listening import accesses
from tests.integration.push.browser import in_thread, open_stream, running_hub
from tests.integration.web.factory import make_domain, make_host, make_user

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


@pytest.fixture(autouse=True)
def never_looked_at_again(monkeypatch):
    monkeypatch.setattr(hub_module, "RECHECK", 3600)


@pytest.fixture
def domain():
    return make_domain(make_host(), "web01")


def session_of(user):
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def rename(domain, name):
    with transaction.atomic():
        revision = next_revision()
        Domain.objects.filter(pk=domain.pk).update(name=name, revision=revision)
        publish(f"domain:{domain.pk}", revision)


@pytest.mark.parametrize("topic", [page_topic, lambda domain: row_topic(domain.pk)])
def test_guest_renamed_out_of_sight_ends_the_stream_of_its_page_and_row(domain, topic):
    topic, now = topic(domain), cursor()
    mara, ada = (
        session_of(make_user("mara", "viewer", pattern="web*")),
        session_of(make_user("ada", "viewer")),
    )

    async def scenario():
        async with (
            running_hub(accesses, render) as hub,
            open_stream(hub, topic, since=now, session=mara) as stream,
            open_stream(hub, topic, since=now, session=ada) as stays,
        ):
            await in_thread(rename, domain, "secret")
            await stream.until(lambda: stream.ended)
            await stays.until(lambda: b"hx-partial" in stays.body)
            assert not stays.ended
            assert b"event: resync" in stream.body
            assert b"secret" not in stream.body

    asyncio.run(scenario())


def test_alone_with_a_guest_one_learns_of_its_new_name_too(domain):
    now, mara = cursor(), session_of(make_user("mara", "viewer", pattern="web*"))

    async def scenario():
        async with (
            running_hub(accesses, render) as hub,
            open_stream(hub, page_topic(domain), since=now, session=mara) as stream,
        ):
            await in_thread(rename, domain, "db01")
            await stream.until(lambda: stream.ended)
            assert b"hx-partial" not in stream.body

    asyncio.run(scenario())


def test_guest_that_may_only_be_looked_at_under_its_new_name_has_its_page_fetched(domain):
    now, user = cursor(), make_user("mara", "operator", pattern="web*")
    Grant.objects.create(user=user, role="viewer")
    session = session_of(user)

    async def scenario():
        async with (
            running_hub(accesses, render) as hub,
            open_stream(hub, page_topic(domain), since=now, session=session) as stream,
        ):
            await in_thread(rename, domain, "web02")  # no difference to this person
            await stream.until(lambda: b"hx-partial" in stream.body or stream.ended)
            assert not stream.ended
            await in_thread(rename, domain, "db01")
            await stream.until(lambda: stream.ended)
            assert b"event: resync" in stream.body

    asyncio.run(scenario())
