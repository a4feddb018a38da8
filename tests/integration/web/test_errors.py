from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test import Client

from tests.integration.web.factory import make_user


@pytest.mark.parametrize(
    ("path", "sentence", "link"),
    [
        ("/operations/999/", "There is no operation 999 that you may see.", 'href="/operations/"'),
        ("/operations/entries/999/", "There is no entry 999 in the history that you may see.", 'href="/operations/"'),
        ("/batches/999/", "There is no batch 999 that you may see.", 'href="/batches/"'),
        ("/hosts/moon/", "There is no host called moon that you may see.", 'href="/hosts/"'),
        ("/hosts/moon/edit/", "There is no host called moon that you may see.", 'href="/hosts/"'),
        ("/users/999/", "There is no account 999 that you may see.", 'href="/users/"'),
        ("/users/groups/999/", "There is no group 999 that you may see.", 'href="/users/groups/"'),
        ("/nowhere/<b>/", "Slotboard has no page /nowhere/&lt;b&gt;/.", 'href="/"'),
    ],
)  # fmt: skip
def test_page_that_is_not_there_says_what_is_missing_and_where_to_look(db, client, path, sentence, link):
    client.force_login(make_user("ada", "administrator"))
    answer = client.get(path)
    assert answer.status_code == 404
    assert sentence in answer.text
    assert link in answer.text.partition('class="lost"')[2]
    assert "You are signed in as <b><bdi>ada</bdi></b>" in answer.text


def test_guest_that_is_not_there_can_be_looked_for(db, client):
    client.force_login(make_user("mara", "operator"))
    missing = uuid.uuid4()
    text = client.get(f"/domains/hv1/{missing}/").text
    assert f"There is no guest {missing} on hv1 that you may see." in text
    for link in (f"/?q={missing}", f"/operations/?domain={missing}"):
        assert f'href="{link}"' in text
        assert client.get(link).status_code == 200


def test_page_that_is_forbidden_says_who_one_is_and_how_to_become_another(db, client):
    client.force_login(make_user("vera", "viewer"))
    answer = client.get("/hosts/")
    assert answer.status_code == 403
    assert "You are signed in as <b><bdi>vera</bdi></b>" in answer.text
    assert 'href="/accounts/logout/">Sign in as somebody else' in answer.text


def test_error_page_stands_when_the_database_does_not(fresh_database):
    make_user("mara", "operator")
    client = Client(raise_request_exception=False)
    client.login(username="mara", password="correct horse battery")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE django_session")
    answer = client.get("/operations/?status=failed")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert 'href="/operations/?status=failed">Try it again' in answer.text
    assert "Try it again" not in client.post("/accounts/login/").text
