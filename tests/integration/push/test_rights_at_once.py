"""Changed rights end open streams at once: the product's own hub, pages' rights and fragments, and a real Redis."""

from __future__ import annotations

import asyncio

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from domains.models import Grant, Host
from domains.models.revision import next_revision
from domains.operations import accounts
from domains.operations.accounts_groups import join_group, leave_group, remove_group
from domains.operations.accounts_roles import give_role, take_role
from domains.operations.actor import Actor
from domains.operations.hosts import remove_host
from domains.push import hub as hub_module
from domains.push.stream import cursor, publish
from domains.web.fragments import render
from domains.web.listening import accesses
from tests.integration.push.browser import in_thread, open_stream, running_hub
from tests.integration.web.factory import make_domain, make_host, make_user

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")
ROOT = Actor("os:root", "command")
NAMES = {"actor": ROOT, "name": "mara", "role": "operator"}

# What an administrator does -> whether mara, an operator of web* by herself and a viewer of all by her group, who
# looks at web01, is looked at again. What changes nothing for her leaves her stream open.
CHANGES = {
    "role taken": (lambda: take_role(**NAMES, pattern="web*"), True),
    "role given": (lambda: give_role(**NAMES), True),
    "role taken from her group": (lambda: take_role(**NAMES | {"name": "all", "role": "viewer"}, group=True), True),
    "put out of her group": (lambda: leave_group(actor=ROOT, user="mara", group="all"), True),
    "group removed": (lambda: remove_group(actor=ROOT, name="all"), True),
    "put into another group": (lambda: join_group(actor=ROOT, user="mara", group="operators"), True),
    "switched off": (lambda: accounts.switch_account(actor=ROOT, name="mara", on=False), True),
    "new password": (lambda: accounts.change_password(actor=ROOT, name="mara"), True),
    "grants deleted together": (lambda: Grant.objects.filter(user__username="mara").delete(), True),
    "members set together": (lambda: Group.objects.get(name="all").user_set.set([]), True),
    "account deleted": (lambda: User.objects.filter(username="mara").delete(), True),
    "host of one of her roles removed": (lambda: remove_host(actor=ROOT, slug="hv1"), True),
    "command": (lambda: call_command("grant", "mara", "operator", "--match", "web*", "--revoke", verbosity=0), True),
    "somebody else's role": (lambda: give_role(**NAMES | {"name": "otto"}), False),
    "the same role once more": (lambda: give_role(**NAMES, pattern="web*"), False),
    "somebody else switched off": (lambda: accounts.switch_account(actor=ROOT, name="otto", on=False), False),
}  # fmt: skip
SIGNED_OUT = {"switched off", "new password", "account deleted"}


def session_of(user):
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest.fixture
def mara():
    host = make_host()
    make_domain(host, "web01")
    make_user("otto", "viewer")
    user, everybody = make_user("mara", "operator", pattern="web*"), Group.objects.create(name="all")
    Grant.objects.create(group=everybody, role="viewer")
    Grant.objects.create(user=user, role="operator", host=host)
    Grant.objects.create(group=Group.objects.create(name="operators"), role="operator")
    user.groups.add(everybody)
    return user


@pytest.mark.parametrize("change", CHANGES)
def test_changed_rights_end_the_stream_and_others_do_not(mara, change, monkeypatch, capsys):
    monkeypatch.setattr(hub_module, "RECHECK", 3600)  # nothing is found by looking now and then
    deed, ends = CHANGES[change]
    session, now = session_of(mara), cursor()

    async def scenario():
        async with (
            running_hub(accesses, render) as hub,
            open_stream(hub, "fleet", since=now, session=session) as stream,
        ):
            await in_thread(deed)
            if ends:
                await stream.until(lambda: stream.ended)
                # Whoever is still signed in fetches the page anew, which may show more or less now.
                assert (b"event: resync" in stream.body) == (change not in SIGNED_OUT)
            else:
                await stream.silence(0.5)
                assert not stream.ended

    asyncio.run(scenario())


def announce(host: Host) -> None:
    """Change a host's state as the watcher does."""
    with transaction.atomic():
        revision = next_revision()
        Host.objects.filter(pk=host.pk).update(state="unreachable", revision=revision)
        publish(f"host:{host.pk}", revision)


def test_state_of_a_host_goes_only_to_those_who_see_a_guest_of_it():
    mine, other = make_host("hv1"), make_host("hv2")
    make_domain(mine, "web01")
    make_domain(other, "db01")
    session = session_of(make_user("mara", "viewer", host=mine))
    boss = session_of(make_user("ada", "viewer"))

    async def scenario():
        async with (
            running_hub(accesses, render) as hub,
            open_stream(hub, "fleet", session=session) as stream,
            open_stream(hub, "fleet", session=boss) as all_of_it,
        ):
            await in_thread(announce, other)
            await all_of_it.until(lambda: f"host-{other.pk}".encode() in all_of_it.body)
            await in_thread(announce, mine)
            await stream.until(lambda: f"host-{mine.pk}".encode() in stream.body)
            assert f"host-{other.pk}".encode() not in stream.body
            assert b"hv2" not in stream.body

    asyncio.run(scenario())
