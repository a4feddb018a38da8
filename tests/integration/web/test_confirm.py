"""The question before what could hurt: put by the server to those who use the page, and to nobody else."""

from __future__ import annotations

import json
import re

import pytest

from domains.models import Domain, HistoryEntry, Operation
from tests.integration.web.factory import make_domain, make_user

HTMX = {"HX-Request": "true"}
ONE = {"action": "remove", "vcpu": "5", "affect": "live", "note": "T-7"}


@pytest.fixture
def deaf(host) -> Domain:
    return make_domain(host, "old01", agent=None)


@pytest.fixture
def url(deaf) -> str:
    return f"/domains/hv1/{deaf.uuid}/vcpus/"


def fields(text: str) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="((?!csrf)\w+)" value="([^"]*)">', text)


def test_question_holds_the_request_and_nothing_was_done(operator, url):
    answer = operator.post(url, ONE)
    assert answer.status_code == 200
    assert "Remove vCPU 5 of <bdi>old01</bdi>?" in answer.text
    assert "has no guest agent" in answer.text
    assert fields(answer.text) == [*ONE.items(), ("confirm", "unheard")]
    assert not Operation.objects.exists()
    assert not HistoryEntry.objects.exists()


def test_answer_is_what_was_asked_for(operator, url):
    text = operator.post(url, ONE | {"vcpu": ["4", "5"]}).text
    answered: dict[str, list[str]] = {}
    for name, value in fields(text):
        answered.setdefault(name, []).append(value)
    assert operator.post(url, answered).status_code == 303
    operation = Operation.objects.get()
    assert (operation.action, operation.vcpu, operation.affect, operation.note) == (
        "remove",
        [4, 5],
        "live",
        "T-7",
    )


def test_danger_that_was_not_told_of_is_asked_about(operator, url, deaf):
    assert "data-harm" in operator.post(url, ONE | {"confirm": "many last"}).text
    assert not Operation.objects.exists()
    assert operator.post(url, ONE | {"confirm": "unheard many"}).status_code == 303


def test_question_comes_into_the_dialog_of_the_page(operator, url):
    answer = operator.post(url, ONE, headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#sure"
    assert answer.text.startswith("<form")
    assert "data-close" in answer.text
    assert "<html" not in answer.text


def test_shortcut_and_sync_are_asked_about_too(operator, url, deaf):
    assert "Remove the highest vCPU of" in operator.post(url, {"pick": "highest", "affect": "live"}).text
    assert "Remove vCPU 5 of" in operator.post(url, {"pick": "highest live:5", "affect": "live"}).text
    Domain.objects.filter(pk=deaf.pk).update(config=deaf.config | {"present": "0-1", "removable": ""})
    text = operator.post(url, {"pick": "sync live 4-5", "affect": "live"}).text
    assert "Apply its configuration to <bdi>old01</bdi>?" in text
    assert not Operation.objects.exists()


def test_refusal_comes_before_any_question(client, operator, url):
    assert operator.post(url, ONE | {"note": "n" * 3000}).status_code == 400
    make_user("vic", "viewer")
    client.login(username="vic", password="correct horse battery")
    assert client.post(url, ONE).status_code == 403
    assert not Operation.objects.exists()


def test_adding_is_never_asked_about(operator, url):
    assert operator.post(url, {"action": "add", "vcpu": "6", "affect": "live"}).status_code == 303


def test_api_asks_nobody_twice(operator, deaf):
    answer = operator.post(
        f"/api/v1/domains/hv1/{deaf.uuid}/vcpus/remove",
        json.dumps({"vcpu": [4, 5], "affect": "live"}),
        content_type="application/json",
    )
    assert answer.status_code == 202
