from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User
from django.test import Client

from domains.models import Grant, HistoryEntry, Token
from domains.operations.actor import Actor
from domains.operations.tokens import make_token
from tests.integration.web.factory import make_host, make_user


@pytest.fixture
def ada(db):
    return signed_in(make_user("ada", "administrator"))


@pytest.fixture
def mara(db):
    return make_user("mara", "operator", pattern="web*")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def plain(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def rows(text):
    return re.findall(r'<a class="name" href="/users/(?:groups/)?\d+/"><bdi>(.*?)</bdi>', text)


def secret_in(text):
    found = re.search(r'id="secret">([\w-]+)<', text)
    return found[1] if found else None


def last():
    return json.loads(HistoryEntry.objects.first().body)


def refused_beside(answer, field, sentence):
    """Whether the sentence stands beside the field, which says so to those who do not see it."""
    control = rf'<(?:input|select)[^>]* name="{field}"[^>]*aria-invalid="true"[^>]*>.*?</label>'
    tag = re.search(control, answer.text, re.DOTALL)
    return answer.status_code in (400, 404) and tag is not None and sentence in tag[0]


@pytest.mark.parametrize("path", ["/users/", "/users/1/", "/users/groups/", "/users/groups/1/"])
def test_only_administrators_of_everything_come_in(db, client, path):
    Group.objects.create(pk=1, name="night shift")
    User.objects.create_superuser("boss", pk=1)
    assert client.get(path).status_code == 302
    some = [make_user("omar", "operator"), make_user("audrey", "auditor"), make_user("nobody")]
    some.append(make_user("hanna", "administrator", host=make_host()))
    some.append(make_user("paula", "administrator", pattern="web*"))
    for user in some:
        answer = signed_in(user).get(path)
        assert (answer.status_code, "You may not do that" in answer.text) == (403, True)
        assert 'href="/users/"' not in signed_in(user).get("/").text
    for user in (make_user("ada", "administrator"), User.objects.get(pk=1)):
        assert signed_in(user).get(path).status_code == 200
        assert 'href="/users/"' in signed_in(user).get("/").text


def test_list_says_who_may_do_what(ada, mara):
    host, night = make_host("lab"), Group.objects.create(name="night shift")
    Grant.objects.create(group=night, role="viewer", host=host)
    mara.groups.add(night)
    for number, days in enumerate((30, -1)):
        token, _ = make_token(actor=Actor("mara", "page", mara), user=mara, name=f"t{number}")
        Token.objects.filter(pk=token.pk).update(expires_at=datetime.now(UTC) + timedelta(days=days))
    User.objects.filter(pk=mara.pk).update(is_active=False, last_login=datetime(2026, 5, 4, 3, 2, tzinfo=UTC))
    text = ada.get("/users/").text
    assert rows(text) == ["ada", "mara"]
    assert "2 accounts 1 switched off" in plain(text)
    row = plain(text[text.index("<bdi>mara") : text.index("</tbody>")])
    assert (
        " mara switched off operator on all hosts for web* viewer on lab , by night shift night shift" in row
    )
    assert "open tokens 1 last sign-in 2026-05-04 03:02" in row


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=AR", ["mara"]),
        ("q=night", ["otto"]),
        ("state=off", ["otto"]),
        ("q=a&state=active", ["ada", "mara"]),
        ("q=ada&state=off", []),
        ("q=%00", []),
        ("q=%25", []),
        ("state=nonsense", ["ada", "mara", "otto"]),
        ("page=99", ["ada", "mara", "otto"]),
        ("page=x", ["ada", "mara", "otto"]),
    ],
)
def test_people_are_found_by_name_group_and_state(ada, mara, query, found):
    otto = make_user("otto")
    otto.groups.add(Group.objects.create(name="night shift"), Group.objects.create(name="night watch"))
    User.objects.filter(pk=otto.pk).update(is_active=False)
    text = ada.get(f"/users/?{query}").text
    assert rows(text) == found
    assert ("Nobody fits" in text) == (not found)


def test_either_database_finds_the_same_people(any_database):
    for name in ("Änne", "bob_1", "bobx1"):
        User.objects.create_user(name).groups.add(Group.objects.create(name=f"Crew {name}"))
    root = User.objects.create_superuser("root")
    client = signed_in(root)
    sought = ("BOB_", "änne", "ÄNNE", "cREW Ä", "crew b", "%")
    found = {query: rows(client.get("/users/", {"q": query}).text) for query in sought}
    assert found == {
        "BOB_": ["bob_1"],
        "änne": [],
        "ÄNNE": ["Änne"],
        "cREW Ä": ["Änne"],
        "crew b": ["bob_1", "bobx1"],
        "%": [],
    }


def test_long_list_comes_in_pages_and_keeps_what_was_looked_for(ada, django_assert_num_queries):
    User.objects.bulk_create(User(username=f"user{number:03}") for number in range(120))
    first = ada.get("/users/?q=user")
    assert (len(rows(first.text)), "page 1 of 3" in first.text) == (50, True)
    assert 'href="?q=user&amp;state=&amp;page=2" rel="next"' in first.text
    assert rows(ada.get("/users/?q=user&page=3").text) == [f"user{number:03}" for number in range(100, 120)]
    group = Group.objects.create(name="all")
    group.user_set.set(User.objects.all())
    for role in ("viewer", "operator"):
        Grant.objects.create(group=group, role=role)
    with django_assert_num_queries(11):
        ada.get("/users/?q=user")


def test_account_is_made_and_its_password_shown_once(ada):
    answer = ada.post("/users/", {"name": "vera", "password": ""})
    password = secret_in(answer.text)
    vera = authenticate(username="vera", password=password)
    assert vera is not None
    assert f'href="/users/{vera.pk}/">give it one' in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert password not in ada.get("/users/").text
    assert (last()["kind"], last()["user"], last()["actor"], last()["door"]) == (
        "account_made",
        "vera",
        "ada",
        "page",
    )
    answer = ada.post("/users/", {"name": "otto", "password": "correct horse"})
    assert (secret_in(answer.text), "with the password that you typed" in answer.text) == (None, True)
    assert "correct horse" not in answer.text
    assert authenticate(username="otto", password="correct horse")


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"name": "two words"}, "name", "valid username"),
        ({"name": "MARA"}, "name", "There is an account “mara” already"),
        ({}, "name", "blank"),
        ({"name": "vera", "password": "tiny"}, "password", "too short"),
    ],
)
def test_account_that_is_refused_says_why_beside_the_field(ada, mara, form, field, sentence):
    answer = ada.post("/users/", form)
    assert refused_beside(answer, field, sentence)
    assert f'value="{form.get("name", "")}"' in answer.text
    assert "tiny" not in answer.text
    assert (last()["kind"], last()["path"]) == ("refused", "/users/")
    assert "tiny" not in json.dumps(last())


def test_names_are_escaped(ada):
    night = Group.objects.create(name="<b>night</b>")
    mara = make_user("mara", "viewer", pattern="<i>*")
    mara.groups.add(night)
    for path in ("/users/", f"/users/{mara.pk}/", "/users/groups/", f"/users/groups/{night.pk}/"):
        text = ada.get(path).text
        assert "<b>night" not in text
        assert "<i>*" not in text
        assert "&lt;b&gt;night" in text
