"""Asking for changes: what is stored, what is refused, and what a key is good for."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from domains.models import HistoryEntry, Operation
from domains.operations.text import stored
from tests.integration.api.conftest import Caller, caller_for, refusal, refused
from tests.waiting import LONG

ADD = "/domains/hv1/web01/vcpus/add"


def test_change_is_stored_and_carried_out(desk):
    desk.guest()
    operator = caller_for("mara", "operator")
    answer = operator.post(
        "/domains/sim/web01/vcpus/add",
        {"vcpu": [5, 7], "affect": "both", "note": " T-1 ", "on_failure": "continue"},
    )
    told = answer.json()
    assert (answer.status_code, told["status"], told["action"]) == (202, "queued", "add")
    assert told["requested"] == {"vcpu": [5, 7], "affect": "both"}
    assert (told["actor"], told["door"], told["note"]) == ("mara", "api", "T-1")
    assert answer["Location"] == f"/api/v1/operations/{told['id']}"
    desk.work()
    told = operator.get(f"/operations/{told['id']}").json()
    assert (told["status"], told["reason"]) == ("succeeded", None)
    assert told["after"]["live"]["present"] == "0-3,5,7"
    assert [(effect["vcpu"], effect["side"], effect["state"]) for effect in told["effects"]][:2] == [
        (5, "live", "done"),
        (5, "config", "done"),
    ]


def test_defaults_are_first_highest_and_current(domain, operator):
    for action, word in (("add", "first"), ("remove", "highest")):
        told = operator.post(f"/domains/hv1/{domain.uuid}/vcpus/{action}", {}).json()
        assert told["requested"] == {"vcpu": word, "affect": "current"}


@pytest.mark.parametrize(
    ("vcpu", "stored"),
    [
        (5, [5]),
        ([7, 2], [7, 2]),
        (-1, "first"),
        ("first", "first"),
        ("2,3", [2, 3]),
        ("2-3,6", [2, 3, 6]),
        (["2-3", 6], [2, 3, 6]),
    ],
)
def test_slots_are_read_as_every_door_reads_them(domain, operator, vcpu, stored):
    assert operator.post(ADD, {"vcpu": vcpu}).status_code == 202
    assert Operation.objects.get().vcpu == stored


def test_options_reach_the_operation(domain, operator):
    body = {"vcpu": "first", "expect": 2, "queue_if_unreachable": True, "ask_anyway": True, "affect": "live"}
    assert operator.post(ADD, body).status_code == 202
    operation = Operation.objects.get()
    assert (operation.expect, operation.queue_if_unreachable, operation.ask_anyway) == (2, True, True)


def test_request_names_its_token_in_the_history(domain, operator, limited):
    operator.post(ADD, {"vcpu": 2})
    limited.post(ADD, {"vcpu": 3})
    entry = json.loads(HistoryEntry.objects.get(kind="requested").body)
    assert (entry["actor"], entry["token"], entry["address"]) == ("mara", "script", "127.0.0.1")
    (entry,) = refused()
    assert (entry["actor"], entry["token"], entry["reason"]) == ("lena", "script", "not_permitted")


def test_request_that_collides_is_an_operation_that_has_failed(domain, operator):
    first = operator.post(ADD, {"vcpu": 2, "affect": "live"}).json()
    answer = operator.post(ADD, {"vcpu": 2, "affect": "live"})
    assert (answer.status_code, answer.json()["status"], answer.json()["reason"]) == (
        202,
        "failed",
        "operation_open",
    )
    assert str(first["id"]) in answer.json()["message"]


@pytest.mark.parametrize("action", ["add", "remove", "make-removable", "online", "offline", "sync"])
def test_only_operators_change_and_a_limited_token_does_not(domain, viewer, limited, stranger, action):
    body = {"vcpu": 5, "affect": {"make-removable": "config", "sync": "config"}.get(action, "live")}
    path = f"/domains/hv1/web01/vcpus/{action}"
    assert refusal(viewer.post(path, body)) == (403, "not_permitted")
    answer = limited.post(path, body)
    assert refusal(answer) == (403, "not_permitted")
    assert "“script” is limited to viewer" in answer.json()["message"]
    assert refusal(stranger.post(path, body)) == (404, "host_not_found")
    assert not Operation.objects.exists()
    assert [entry["action"] for entry in refused()] == [action.replace("-", "_")] * 3


def test_other_actions_need_ids(domain, operator):
    for action in ("make-removable", "online", "offline"):
        answer = operator.post(f"/domains/hv1/web01/vcpus/{action}", {})
        assert refusal(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    "fields",
    [
        {"vcpu": "highest"},
        {"vcpu": 4096},
        {"vcpu": -2},
        {"vcpu": 10**40},
        {"vcpu": -(10**40)},
        {"vcpu": 5.0},
        {"vcpu": True},
        {"vcpu": None},
        {"vcpu": []},
        {"vcpu": [5, 5]},
        {"vcpu": [[5]]},
        {"vcpu": [None]},
        {"vcpu": {"id": 5}},
        {"vcpu": ""},
        {"vcpu": "5-"},
        {"vcpu": "a\0b"},
        {"affect": "everything"},
        {"affect": None},
        {"affect": 1},
        {"on_failure": "panic"},
        {"expect": "2"},
        {"expect": -1},
        {"expect": 10**40},
        {"expect": 2.5},
        {"note": None},
        {"note": 5},
        {"note": "x" * 2001},
        {"note": "a\0b"},
        {"note": "a\ud800b"},
        {"queue_if_unreachable": 1},
        {"queue_if_unreachable": "yes"},
        {"ask_anyway": "true"},
        {"ask_anyway": None},
        {"vcpus": 5},
        {"action": "remove"},
    ],
)
def test_field_that_makes_no_sense_is_refused_and_written_down(domain, operator, fields):
    answer = operator.post(ADD, fields)
    assert refusal(answer) == (400, "invalid_request")
    assert not Operation.objects.exists()
    (entry,) = refused()
    assert (entry["reason"], entry["message"]) == ("invalid_request", stored(answer.json()["message"]))
    assert entry["domain"] == {"name": "web01", "uuid": str(domain.uuid)}


def test_field_is_refused_by_name_with_what_it_must_be(domain, operator):
    sentences = {
        "vcpu": "“vcpu” must be a vCPU ID such as 5",
        "ask_anyway": "“ask_anyway” must be true or false",
        "affect": "“affect” must be current, live, config or both.",
    }
    for name, sentence in sentences.items():
        assert operator.post(ADD, {name: None}).json()["message"].startswith(sentence)
    assert (
        operator.post(ADD, {"vcpus": 5})
        .json()["message"]
        .startswith("There is no field “vcpus”; the fields are ")
    )


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"5", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"vcpu": NaN}', "application/json", 400),
        (b'{"note": "\xff\xfe"}', "application/json", 400),
        (b'{"note": "\\ud800"}', "application/json", 400),
        (b'{"vcpu": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"vcpu=5", "application/x-www-form-urlencoded", 415),
        (b'{"vcpu": 2}', "application/json; charset=utf-8", 202),
        (b'{"note": "' + b"x" * 70_000 + b'"}', "application/json", 413),
        (b" " * 3_000_000, "application/json", 413),
    ],
)
def test_body_that_cannot_be_read_has_a_fitting_answer(domain, operator, body, content_type, status):
    answer = operator.send("post", ADD, data=body, content_type=content_type)
    assert answer.status_code == status
    if status >= 400:
        assert answer.json()["code"] == "invalid_request"
        assert [entry["status"] for entry in refused()] == ["refused"]


def test_unreadable_request_for_nothing_is_written_down_as_it_was_addressed(domain, operator):
    assert refusal(operator.post("/domains/hv1/nobody/vcpus/add", {"x": 1})) == (400, "invalid_request")
    (entry,) = refused()
    assert (entry["host"], entry["domain"]) == ("hv1", {"name": "nobody", "uuid": None})


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/domains/nowhere/web01/vcpus/add", "host_not_found"),
        ("/domains/hv1/nobody/vcpus/add", "domain_not_found"),
        ("/domains/hv1/a%00b/vcpus/add", "domain_not_found"),
    ],
)
def test_change_of_what_is_not_there_is_a_404(domain, operator, path, code):
    assert refusal(operator.post(path, {"vcpu": 5})) == (404, code)


def test_action_that_does_not_exist_is_refused(domain, operator):
    answer = operator.post("/domains/hv1/web01/vcpus/explode", {"vcpu": 5})
    assert refusal(answer) == (400, "invalid_request")
    assert "“action” does not fit" in answer.json()["message"]


def test_repeated_key_answers_with_the_first_operation(domain, operator):
    first = operator.post(ADD, {"vcpu": 2}, key="deploy-1")
    again = operator.post(ADD, {"vcpu": [2], "affect": "current"}, key="deploy-1")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert Operation.objects.count() == 1
    assert HistoryEntry.objects.filter(kind="requested").count() == 1
    assert operator.post(ADD, {"vcpu": 3}, key="deploy-2").json()["id"] != first.json()["id"]


@pytest.mark.parametrize("changed", [{"vcpu": 3}, {"vcpu": 2, "note": "x"}, {"vcpu": 2, "ask_anyway": True}])
def test_key_used_for_something_else_is_a_mismatch(domain, operator, changed):
    operator.post(ADD, {"vcpu": 2}, key="deploy-1")
    assert refusal(operator.post(ADD, changed, key="deploy-1")) == (422, "idempotency_mismatch")
    assert Operation.objects.count() == 1


def test_keys_of_different_people_do_not_meet(domain, operator):
    first = operator.post(ADD, {"vcpu": 2}, key="deploy-1")
    other = caller_for("otto", "operator").post(ADD, {"vcpu": 3}, key="deploy-1")
    assert (first.status_code, other.status_code) == (202, 202)


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 129, "a\tb"])
def test_malformed_key_is_refused_and_written_down(domain, operator, key):
    answer = operator.post(ADD, {"vcpu": 2}, key=key)
    assert refusal(answer) == (400, "invalid_request")
    assert "1 to 128 visible ASCII characters" in answer.json()["message"]
    assert len(refused()) == 1


@pytest.mark.parametrize("key", ["!", "~" * 128])
def test_key_at_its_limits_is_taken(domain, operator, key):
    assert operator.post(ADD, {"vcpu": 2}, key=key).status_code == 202


def test_two_requests_with_one_key_at_once_are_answered_alike(desk):
    desk.guest()
    token = caller_for("mara", "operator").token
    both_there = threading.Barrier(2, timeout=LONG)

    def ask(_):
        both_there.wait()
        try:
            return Caller(token).post("/domains/sim/web01/vcpus/add", {"vcpu": 5}, key="k-1")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(ask, range(2)))

    assert [answer.status_code for answer in answers] == [202, 202]
    assert {answer.json()["id"] for answer in answers} == {Operation.objects.get().pk}
