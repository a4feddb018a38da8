"""Where this installation requires a note, nothing is done without one, at whatever door it is asked for."""

from __future__ import annotations

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client

from domains.models import HistoryEntry, Operation
from domains.operations.actor import Actor
from domains.operations.tokens import make_token
from tests.integration.web.factory import make_domain, make_host, make_operation, make_user

SENTENCE = "A note is required here."
ADD = {"action": "add", "vcpu": ["2", "6"], "affect": "both"}
EMPTY = ["", "   ", "\u200b\u2060", "\u3164 \u2800", "\u0301"]


@pytest.fixture(autouse=True)
def _required(settings):
    settings.REQUIRE_NOTE = True


@pytest.fixture
def domain(db):
    return make_domain(make_host())


@pytest.fixture
def waiting(domain):
    return make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting")


@pytest.fixture
def user(db):
    return make_user("mara", "operator")


@pytest.fixture
def client(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def headers(user):
    _, secret = make_token(actor=Actor("mara", "page", user), user=user, name="script")
    return {"Authorization": f"Bearer {secret}"}


def refused():
    return [json.loads(entry.body) for entry in HistoryEntry.objects.filter(kind="refused")]


def field(text):
    return re.search(r'<label class="field"><span>Note(.*?)</span><input name="note"(.*?)>', text).groups()


def checked(text):
    slots = re.findall(r'<input[^>]*name="vcpu"[^>]*>', text)
    return {re.search(r'value="(.*?)"', slot)[1] for slot in slots if " checked" in slot}


@pytest.mark.parametrize("note", EMPTY)
def test_page_refuses_a_change_without_a_note_and_keeps_the_selection(client, domain, note):
    page = f"/domains/hv1/{domain.uuid}/"
    answer = client.post(f"{page}vcpus/", ADD | {"note": note, "on_failure": "continue"})
    assert answer.status_code == 400
    assert SENTENCE in answer.text
    assert checked(answer.text) == {"2", "6"}
    assert re.search(r'value="both" checked', answer.text)
    assert re.search(r'name="on_failure"[^>]* checked', answer.text)
    assert not Operation.objects.exists()
    assert [entry["reason"] for entry in refused()] == ["invalid_request"]
    assert client.post(f"{page}vcpus/", ADD | {"note": note + "T-1"}).status_code == 303


@pytest.mark.parametrize("pick", ["first live:2", "sync config 4"])
def test_page_refuses_its_other_buttons_too(client, domain, pick):
    answer = client.post(f"/domains/hv1/{domain.uuid}/vcpus/", {"pick": pick, "affect": "live"})
    assert answer.status_code == 400
    assert SENTENCE in answer.text
    assert not Operation.objects.exists()


def test_page_keeps_a_note_that_another_thing_was_wrong_with(client, domain, waiting):
    answer = client.post(
        f"/domains/hv1/{domain.uuid}/vcpus/", {"action": "add", "affect": "live", "note": "T-1"}
    )
    assert answer.status_code == 400
    assert 'value="T-1"' in field(answer.text)[1]
    answer = client.post(f"/operations/{waiting.pk}/cancel/", {"note": '"T-2"'})
    assert answer.status_code == 409
    assert 'value="&quot;T-2&quot;"' in field(answer.text)[1]


@pytest.mark.parametrize("deed", ["cancel", "ask-again", "stop-waiting", "undo", "retry"])
def test_page_refuses_a_control_without_a_note(client, waiting, deed):
    answer = client.post(f"/operations/{waiting.pk}/{deed}/", {"note": " "})
    assert answer.status_code == 400
    assert SENTENCE in answer.text
    waiting.refresh_from_db()
    assert waiting.status == "waiting"


def test_pages_mark_the_field_as_required_without_script_too(client, domain, waiting):
    for page in (f"/domains/hv1/{domain.uuid}/", f"/operations/{waiting.pk}/"):
        label, attributes = field(client.get(page).text)
        assert label == ", required"
        assert attributes.endswith(" required")


def test_pages_mark_nothing_where_a_note_is_only_wanted(client, domain, waiting, settings):
    settings.REQUIRE_NOTE = False
    for page in (f"/domains/hv1/{domain.uuid}/", f"/operations/{waiting.pk}/"):
        label, attributes = field(client.get(page).text)
        assert label == ""
        assert "required" not in attributes
    assert client.post(f"/operations/{waiting.pk}/stop-waiting/").status_code == 303


def test_api_refuses_a_change_without_a_note(domain, headers):
    def post(**body):
        path = f"/api/v1/domains/hv1/{domain.uuid}/vcpus/add"
        return Client().post(path, {"vcpu": 2, **body}, content_type="application/json", headers=headers)

    for body in ({}, {"note": ""}, {"note": " \t"}):
        answer = post(**body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert "“note” in the body" in answer.json()["message"]
    assert post(note="T-1").status_code == 202
    assert Operation.objects.get().note == "T-1"


@pytest.mark.parametrize("deed", ["cancel", "ask-again", "stop-waiting", "undo", "retry"])
def test_api_refuses_a_control_without_a_note(waiting, headers, deed):
    answer = Client().post(
        f"/api/v1/operations/{waiting.pk}/{deed}", b"", content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert SENTENCE in answer.json()["message"]


@pytest.mark.parametrize(
    "line",
    [
        "vcpu add hv1 web01",
        "vcpu sync hv1 web01 --config",
        "operation cancel {}",
        "operation stop-waiting {}",
    ],
)
def test_commands_refuse_without_a_note(waiting, capsys, line):
    with pytest.raises(SystemExit) as ended:
        call_command(*line.format(waiting.pk).split())
    assert ended.value.code == 2
    assert "with --note on the command line" in capsys.readouterr().err
    assert Operation.objects.count() == 1


def test_commands_take_a_note_and_looking_needs_none(waiting, capsys):
    for line in (f"operation show {waiting.pk}", "vcpu show hv1 web01"):
        with pytest.raises(SystemExit) as ended:
            call_command(*line.split())
        assert ended.value.code != 2
    with pytest.raises(SystemExit) as ended:
        call_command("operation", "stop-waiting", str(waiting.pk), "--note", "T-1")
    assert ended.value.code != 2
    assert json.loads(HistoryEntry.objects.get(kind="stopped_waiting").body)["note"] == "T-1"
