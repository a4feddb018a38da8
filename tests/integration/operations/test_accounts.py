"""Accounts and groups as administrators change them, with their entries and without a way to lock oneself out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client

from domains.models import Grant, HistoryEntry
from domains.operations.accounts import change_password, make_account, switch_account
from domains.operations.accounts_groups import join_group, leave_group, make_group, remove_group, rename_group
from domains.operations.accounts_roles import give_role, take_role
from domains.operations.accounts_rules import Misfit
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.tokens import make_token, recognise
from tests.integration.web.factory import PASSWORD, make_host, make_user

pytestmark = pytest.mark.django_db
ROOT = Actor("os:root", "command")


@pytest.fixture
def ada():
    """An administrator of everything at a page."""
    return at_page(make_user("ada", "administrator"))


def at_page(user):
    return Actor(user.username, "page", user, "192.0.2.7")


def told(*kinds):
    bodies = [json.loads(entry.body) for entry in HistoryEntry.objects.order_by("seq")]
    return [body for body in bodies if not kinds or body["kind"] in kinds]


def test_account_is_made_with_a_password_that_is_nowhere_else(ada):
    user, password = make_account(actor=ada, name=" mara ")
    assert authenticate(username="mara", password=password) == user
    (entry,) = told()
    assert (entry["kind"], entry["user"], entry["actor"], entry["door"], entry["host"]) == (
        "account_made", "mara", "ada", "page", None,
    )  # fmt: skip
    assert password not in HistoryEntry.objects.get().body
    assert not Grant.objects.filter(user=user).exists()


@pytest.mark.parametrize(
    ("name", "password", "field", "sentence"),
    [
        ("", None, "name", "blank"),
        ("two words", None, "name", "valid username"),
        ("nul\0", None, "name", "valid username"),
        ("half\ud800", None, "name", "valid username"),
        ("m" * 151, None, "name", "150"),
        ("ADA", None, "name", "There is an account “ada” already"),
        ("mara", "short", "password", "too short"),
        ("mara", "", "password", "too short"),
        ("maraschino", "maraschino", "password", "similar"),
    ],
)
def test_account_that_makes_no_sense_is_refused_at_its_field(ada, name, password, field, sentence):
    with pytest.raises(Misfit, match=sentence) as refused:
        make_account(actor=ada, name=name, password=password)
    assert refused.value.field == field
    assert User.objects.count() == 1
    assert told() == []


def test_switching_off_ends_sessions_for_good_and_tokens_until_switched_on(ada):
    mara, client, other = make_user("mara", "viewer"), Client(), Client()
    client.force_login(mara)
    other.force_login(make_user("otto", "viewer"))
    _, secret = make_token(actor=at_page(mara), user=mara, name="nightly")
    assert switch_account(actor=ada, name="mara", on=False)
    assert not switch_account(actor=ada, name="mara", on=False)
    assert client.get("/").status_code == 302
    assert other.get("/").status_code == 200
    with pytest.raises(RequestRefused, match="switched off"):
        recognise(secret, address="")
    client.force_login(mara)  # somebody who was looked up before, and is signed in after
    assert switch_account(actor=ada, name="mara", on=True)
    assert client.get("/").status_code == 302
    assert Session.objects.count() == 1
    assert recognise(secret, address="").name == "nightly"
    assert [entry["kind"] for entry in told("account_switched_off", "account_switched_on")] == [
        "account_switched_off", "account_switched_on",
    ]  # fmt: skip


def test_sessions_that_are_over_already_are_left_alone(ada):
    client = Client()
    client.force_login(make_user("mara"))
    Session.objects.update(expire_date=Session.objects.get().expire_date - timedelta(days=99))
    switch_account(actor=ada, name="mara", on=False)
    assert Session.objects.count() == 1


def test_new_password_signs_out_and_can_be_made_up(ada):
    client = Client()
    client.force_login(make_user("mara"))
    password = change_password(actor=ada, name="mara")
    assert authenticate(username="mara", password=password)
    assert client.get("/").status_code == 302
    assert [entry["kind"] for entry in told()] == ["password_changed"]


def test_group_is_made_filled_renamed_and_removed_with_an_entry_each(ada):
    make_user("mara")
    make_group(actor=ada, name=" night shift ")
    give_role(actor=ada, name="night shift", role="viewer", host=make_host(), pattern="web*", group=True)
    assert join_group(actor=ada, user="mara", group="night shift")
    assert not join_group(actor=ada, user="mara", group="night shift")
    rename_group(actor=ada, name="night shift", new_name="day shift")
    rename_group(actor=ada, name="day shift", new_name="Day shift")
    rename_group(actor=ada, name="Day shift", new_name="Day shift")
    assert leave_group(actor=ada, user="mara", group="Day shift")
    assert not leave_group(actor=ada, user="mara", group="Day shift")
    join_group(actor=ada, user="mara", group="Day shift")
    remove_group(actor=ada, name="Day shift")
    assert not Group.objects.exists()
    assert Grant.objects.count() == 1  # ada's own
    entries = told()
    assert [entry["kind"] for entry in entries] == [
        "group_made", "granted", "group_joined", "group_renamed", "group_renamed", "group_left", "group_joined",
        "revoked", "group_removed",
    ]  # fmt: skip
    assert (entries[1]["group"], entries[1]["host"], entries[1]["pattern"]) == ("night shift", "hv1", "web*")
    assert entries[3]["renamed_from"] == "night shift"
    assert (entries[7]["group"], entries[7]["role"], entries[7]["host"]) == ("Day shift", "viewer", "hv1")
    assert entries[8]["members"] == ["mara"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "g" * 151, "nul\0", "\u2800", "NIGHT shift"])
def test_group_name_that_makes_no_sense_is_refused(ada, name):
    make_group(actor=ada, name="night shift")
    with pytest.raises(Misfit) as refused:
        make_group(actor=ada, name=name)
    assert refused.value.field == "name"
    assert Group.objects.count() == 1


def test_only_an_administrator_of_everything_changes_people():
    deeds = [
        lambda actor: make_account(actor=actor, name="new"),
        lambda actor: switch_account(actor=actor, name="otto", on=False),
        lambda actor: change_password(actor=actor, name="otto"),
        lambda actor: make_group(actor=actor, name="night shift"),
        lambda actor: give_role(actor=actor, name=actor.name, role="administrator"),
        lambda actor: take_role(actor=actor, name=actor.name, role="viewer"),
    ]
    make_user("otto")
    some = [
        make_user("omar", "operator"),
        make_user("audrey", "auditor"),
        make_user("hanna", "administrator", host=make_host()),
        make_user("paula", "administrator", pattern="web*"),
    ]
    boss = User.objects.create_superuser("boss", password=PASSWORD)
    limited = Actor("boss", "api", boss, token="script", limit="auditor")
    off = make_user("off", "administrator", pattern="*")
    User.objects.filter(pk=off.pk).update(is_active=False)
    for actor in [*map(at_page, some), limited, at_page(off)]:
        for deed in deeds:
            with pytest.raises(RequestRefused) as refused:
                deed(actor)
            assert refused.value.http_status == 403
    assert told() == []
    for deed in deeds[:4]:
        deed(at_page(boss))


def own_end(user):
    """Every way to end one's own rights, by its name."""
    actor, name = at_page(user), user.username
    return {
        "switching oneself off": lambda: switch_account(actor=actor, name=name, on=False),
        "taking one's own role": lambda: take_role(actor=actor, name=name, role="administrator"),
        "leaving the group": lambda: leave_group(actor=actor, user=name, group="admins"),
        "removing the group": lambda: remove_group(actor=actor, name="admins"),
        "taking the group's role": lambda: take_role(actor=actor, name="admins", role="administrator", group=True),
    }  # fmt: skip


@pytest.mark.parametrize("way", range(5))
@pytest.mark.parametrize("others", [False, True])
def test_administrator_cannot_end_their_own_rights(way, others):
    ada = make_user("ada", None if way > 1 else "administrator")
    admins = Group.objects.create(name="admins")
    if way > 1:
        Grant.objects.create(group=admins, role="administrator")
        ada.groups.add(admins)
    if others:
        make_user("bea", "administrator")
    advice = "let another administrator do it" if others else "make somebody else an administrator"
    with pytest.raises(RequestRefused, match=advice) as refused:
        [*own_end(ada).values()][way]()
    assert refused.value.http_status == 403
    ada.refresh_from_db()
    assert ada.is_active
    assert told() == []
    make_account(actor=at_page(ada), name="still")


def test_administrator_may_end_a_second_right_of_their_own(ada):
    give_role(actor=ada, name="admins", role="administrator", group=True)
    join_group(actor=ada, user="ada", group="admins")
    take_role(actor=ada, name="ada", role="administrator")
    with pytest.raises(RequestRefused, match="you are the only one"):
        leave_group(actor=ada, user="ada", group="admins")


def test_who_lost_the_role_meanwhile_is_refused(ada):
    stale = at_page(make_user("bea", "administrator"))
    take_role(actor=ada, name="bea", role="administrator")
    with pytest.raises(RequestRefused, match="ask one of them"):
        take_role(actor=stale, name="ada", role="administrator")


def test_command_line_is_not_bound_by_that():
    make_user("ada", "administrator")
    switch_account(actor=ROOT, name="ada", on=False)
    give_role(actor=ROOT, name="new", role="administrator")
    assert [entry["kind"] for entry in told()] == ["account_switched_off", "granted"]
