from __future__ import annotations

import asyncio
import time

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction

from domains.models import Grant, Role
from domains.push import hub as hub_module
from domains.push.rights import EVERYBODY
from domains.push.stream import STREAM, cursor, publish
from tests.integration.push.browser import People, Person, in_thread, make_domain, open_stream, running_hub

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")


def announced(redis) -> list[str]:
    keys = [fields["k"] for _, fields in redis.xrange(STREAM)]
    redis.delete(STREAM)
    return keys


def test_signing_out_ends_the_stream_at_once():
    topic = f"domain:{make_domain().uuid}"
    store = SessionStore()
    store.save()
    people = People()
    people.sessions[store.session_key] = Person(9)

    def find(sessions):
        return people(
            {"alice", *Session.objects.filter(pk__in=sessions).values_list("pk", flat=True)}.intersection(
                sessions
            )
        )

    async def scenario():
        async with (
            running_hub(find) as hub,
            open_stream(hub, topic, since=cursor(), session=store.session_key) as ends,
            open_stream(hub, topic, since=cursor(), session="alice") as stays,
        ):
            await in_thread(store.flush)

            assert await ends.next() is None
            await stays.silence()

    key = store.session_key
    asyncio.run(scenario())
    assert not Session.objects.filter(pk=key).exists()


def test_stream_whose_rights_change_while_it_opens_ends_at_once(monkeypatch):
    monkeypatch.setattr(hub_module, "RECHECK", 3600)
    topic = f"domain:{make_domain().uuid}"
    found = []

    def find(sessions):
        found.extend(sessions)
        if len(found) > 1:
            return {}
        publish(EVERYBODY, 0)
        time.sleep(0.5)  # everybody else is looked up by then, and this one is not among them yet
        return dict.fromkeys(sessions, Person(1))

    async def scenario():
        async with running_hub(find) as hub, open_stream(hub, topic, since=cursor()) as stream:
            await stream.until(lambda: stream.ended)

    asyncio.run(scenario())


def test_a_session_is_not_given_away_in_the_stream(redis):
    store = SessionStore()
    store.save()
    key = store.session_key
    announced(redis)
    store.delete()

    (said,) = announced(redis)
    assert said.startswith("session:")
    assert key not in said


def test_everybody_is_looked_up_again_when_rights_change(redis):
    person = get_user_model().objects.create_user("olga", password="x")
    assert announced(redis) == ["rights:all"]
    group = Group.objects.create(name="night shift")
    with transaction.atomic():
        grant = Grant.objects.create(group=group, role=Role.OPERATOR)
        person.groups.add(group)
    assert set(announced(redis)) == {"rights:all"}
    grant.delete()
    assert announced(redis) == ["rights:all"]
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert announced(redis) == ["rights:all"]


def test_signing_in_changes_no_rights(redis):
    person = get_user_model().objects.create_user("olga", password="x")
    announced(redis)
    person.save(update_fields=["last_login"])

    assert announced(redis) == []
