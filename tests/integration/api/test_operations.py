"""Operations: listed by what one may see, shown, and cancelled, asked again or no longer waited for."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.models import HistoryLine, Operation
from tests.integration.api.conftest import caller_for, refusal, refused
from tests.integration.web.factory import make_domain, make_entry, make_host, make_operation


def numbers(answer):
    return [row["id"] for row in answer.json()["operations"]]


def test_operation_is_told_in_full(domain, viewer):
    made = make_operation(
        domain, [(5, "live", "done"), (5, "config", "failed")], status="partial", reason="interrupted"
    )
    told = viewer.get(f"/operations/{made.pk}").json()
    assert list(told) == [
        "id", "status", "late", "reason", "message", "action", "host", "domain", "requested", "affect_meant",
        "actor", "door", "note", "effects", "before", "after", "created", "started", "finished", "undo_of",
        "retry_of", "batch",
    ]  # fmt: skip
    assert (told["id"], told["status"], told["reason"]) == (made.pk, "partial", "interrupted")
    assert told["domain"] == {"name": "web01", "uuid": str(domain.uuid)}
    assert [(effect["vcpu"], effect["side"], effect["state"]) for effect in told["effects"]] == [
        (5, "live", "done"),
        (5, "config", "failed"),
    ]


@pytest.mark.parametrize("number", ["999", str(2**63 - 1)])
@pytest.mark.parametrize("rest", ["", "/cancel", "/ask-again", "/stop-waiting"])
def test_operation_that_is_not_there_is_a_404(domain, operator, number, rest):
    answer = operator.post(f"/operations/{number}{rest}") if rest else operator.get(f"/operations/{number}")
    assert refusal(answer) == (404, "operation_not_found")
    assert number in answer.json()["message"]


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "9" * 400, "x", "1.5", "%00", "1e3", "None"])
def test_number_that_makes_no_sense_is_refused(domain, operator, number):
    assert refusal(operator.get(f"/operations/{number}")) == (400, "invalid_request")
    assert refusal(operator.post(f"/operations/{number}/cancel")) == (400, "invalid_request")


def test_operations_one_may_not_see_are_not_there(host, domain, stranger):
    theirs = make_operation(make_domain(host, "db01"))
    mine = make_operation(domain)
    some = caller_for("omar", "operator", pattern="web*")
    assert numbers(some.get("/operations")) == [mine.pk]
    assert numbers(stranger.get("/operations")) == []
    assert refusal(some.get(f"/operations/{theirs.pk}")) == (404, "operation_not_found")
    assert refusal(some.post(f"/operations/{theirs.pk}/cancel")) == (404, "operation_not_found")
    theirs.refresh_from_db()
    assert theirs.status == "queued"


def test_operations_are_filtered(host, domain, viewer):
    added = make_operation(domain, [(5, "live", "done")], status="succeeded")
    removed = make_operation(domain, action="remove", actor="otto", status="queued")
    other = make_operation(make_domain(make_host("hv2"), "db01"))
    expected = {
        "host": {"hv1": [removed, added], "hv2": [other], "nowhere": []},
        "domain": {"web01": [removed, added], str(domain.uuid): [removed, added], str(uuid.uuid4()): []},
        "status": {"succeeded": [added], "queued": [other, removed], "": [other, removed, added]},
        "action": {"remove": [removed], "make_removable": []},
        "actor": {"otto": [removed], "nobody": []},
    }
    for name, cases in expected.items():
        for value, found in cases.items():
            assert numbers(viewer.get("/operations", **{name: value})) == [row.pk for row in found]
    assert numbers(viewer.get("/operations", host="hv1", actor="mara")) == [added.pk]


def test_operations_are_found_by_slot_words_reason_door_and_time(domain, viewer):
    first = make_operation(domain, [(5, "live", "done")], status="succeeded", note="Ticket 4711")
    second = make_operation(domain, status="failed", reason="vcpu0_fixed", door="api", vcpu="highest")
    middle = datetime.fromisoformat(HistoryLine.objects.get(operation=second.pk).time)
    expected = {
        "slot": {"5": [first], "6": [], "": [second, first]},
        "q": {"tick 47": [first], "mara": [second, first], "'\"*": [], "nowhere": []},
        "reason": {"vcpu0_fixed": [second]},
        "door": {"api": [second], "command": []},
        "since": {middle.isoformat(): [second], "2026-01-01": [second, first], "2999-01-01T00:00:00Z": []},
        "until": {
            middle.isoformat(): [first],
            middle.replace(tzinfo=None).isoformat(): [first],
            f"{middle.date()}": [second, first],
            f"{middle.date() - timedelta(days=2)}": [],
        },
    }
    for name, cases in expected.items():
        for value, found in cases.items():
            assert numbers(viewer.get("/operations", **{name: value})) == [row.pk for row in found], (
                name,
                value,
            )
    assert numbers(viewer.get("/operations", q="ticket", door="page", slot="5")) == [first.pk]


def test_what_became_no_operation_is_not_listed(domain, operator, viewer):
    assert operator.post(f"/domains/hv1/{domain.pk}/vcpus/add", {}).status_code == 404
    make_entry("outside", domain, effects=[])
    made = make_operation(domain)
    assert numbers(viewer.get("/operations")) == [made.pk]


def test_operations_are_paged_newest_first(domain, viewer):
    made = [make_operation(domain, status="failed").pk for _ in range(101)]
    first = viewer.get("/operations")
    make_operation(domain)  # moves nothing on the pages that follow
    second = viewer.get("/operations", cursor=first.json()["next"])
    third = viewer.get("/operations", cursor=second.json()["next"])
    assert [len(numbers(page)) for page in (first, second, third)] == [50, 50, 1]
    assert numbers(first) + numbers(second) + numbers(third) == made[::-1]
    assert third.json()["next"] is None


def test_operations_take_a_fixed_number_of_queries(domain, viewer):
    def count():
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/operations")
        return len(queries)

    viewer.get("/operations")
    make_operation(domain, [(5, "live", "done")], status="succeeded")
    one = count()
    for _ in range(20):
        make_operation(domain, [(5, "live", "done"), (6, "live", "done")], status="succeeded")
    assert count() == one <= 7  # six on SQLite; PostgreSQL is also asked for the newest line


@pytest.mark.parametrize(
    "query",
    [
        {"status": "odd"},
        {"action": "explode"},
        {"cursor": "-5"},
        {"actor": "\0"},
        {"domain": "x" * 301},
        {"slot": "-1"},
        {"slot": "4096"},
        {"slot": "five"},
        {"reason": "odd"},
        {"door": "window"},
        {"q": "\0"},
        {"since": "soon"},
        {"until": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31"},
    ],
)
def test_query_that_makes_no_sense_is_refused_by_name(domain, viewer, query):
    answer = viewer.get("/operations", **query)
    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["message"].startswith(f"“{next(iter(query))}” does not fit: ")


def test_queued_operation_is_cancelled(domain, operator):
    made = make_operation(domain)
    answer = operator.post(f"/operations/{made.pk}/cancel", {"note": "wrong guest"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    answer = operator.post(f"/operations/{made.pk}/cancel")
    assert refusal(answer) == (409, "not_cancellable")


def test_waiting_operation_is_no_longer_waited_for_and_asked_again(desk):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    made = desk.ask(uuid, "remove", 3, "live")
    operator = caller_for("mara", "operator")
    answer = operator.post(f"/operations/{made.pk}/stop-waiting")
    assert (answer.status_code, answer.json()["status"]) == (200, "unconfirmed")
    desk.simulator.guest(uuid, "obeys")
    assert operator.post(f"/operations/{made.pk}/ask-again", {}).status_code == 200
    desk.work()
    told = operator.get(f"/operations/{made.pk}").json()
    assert (told["status"], told["late"]) == ("succeeded", True)


def test_guest_is_not_asked_again_for_a_slot_that_a_newer_operation_has(domain, operator):
    old = make_operation(domain, [(5, "live", "unconfirmed")], action="remove", status="unconfirmed")
    make_operation(domain, [(5, "live", "pending")], action="remove")
    assert refusal(operator.post(f"/operations/{old.pk}/ask-again")) == (409, "operation_open")


@pytest.mark.parametrize("deed", ["cancel", "ask-again", "stop-waiting"])
def test_only_operators_do_something_about_an_operation(domain, viewer, limited, deed):
    made = make_operation(domain)
    for caller in (viewer, limited):
        assert refusal(caller.post(f"/operations/{made.pk}/{deed}")) == (403, "not_permitted")
    assert Operation.objects.get().status == "queued"
    assert [entry["actor"] for entry in refused()] == ["vera", "lena"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"note": 5}', "application/json", 400),
        (b'{"force": true}', "application/json", 400),
        (b"note=x", "application/x-www-form-urlencoded", 415),
        (b" " * 70_000, "application/json", 413),
    ],
)
def test_body_that_cannot_be_read_changes_nothing(domain, operator, body, content_type, status):
    made = make_operation(domain)
    answer = operator.send("post", f"/operations/{made.pk}/cancel", data=body, content_type=content_type)
    assert refusal(answer) == (status, "invalid_request")
    assert Operation.objects.get().status == "queued"


def test_deed_that_does_not_exist_is_refused(domain, operator):
    made = make_operation(domain)
    assert refusal(operator.post(f"/operations/{made.pk}/explode")) == (400, "invalid_request")
