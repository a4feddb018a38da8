"""Undoing and retrying an operation, for scripts."""

from __future__ import annotations

import pytest

from domains.models import Operation
from tests.integration.api.conftest import caller_for, refusal, refused
from tests.integration.web.factory import make_operation

DEEDS = ("undo", "retry")


def test_operation_is_undone_by_a_new_one(desk):
    added = desk.ask(desk.guest(), "add", 5)
    operator = caller_for("mara", "operator")
    answer = operator.post(f"/operations/{added.pk}/undo", {"note": "T-1"}, key="k-1")
    told = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/operations/{told['id']}")
    assert (told["status"], told["action"], told["undo_of"], told["retry_of"]) == (
        "queued",
        "remove",
        added.pk,
        None,
    )
    assert (told["requested"], told["note"], told["actor"]) == ({"vcpu": 5, "affect": "both"}, "T-1", "mara")
    desk.work()
    repeated = operator.post(f"/operations/{added.pk}/undo", {"note": "T-1"}, key="k-1")
    assert (repeated.status_code, repeated.json()["id"], repeated.json()["status"]) == (
        202,
        told["id"],
        "succeeded",
    )
    assert refusal(operator.post(f"/operations/{added.pk}/undo", key="k-1")) == (422, "idempotency_mismatch")
    assert refusal(operator.post(f"/operations/{added.pk}/undo")) == (409, "not_undoable")
    assert operator.post(f"/operations/{told['id']}/undo").json()["undo_of"] == told["id"]


def test_failed_operation_is_retried_by_a_new_one(desk):
    uuid = desk.guest()
    desk.simulator.tune(reachable=False)
    failed = desk.ask(uuid, "add", "first", "live")
    desk.simulator.tune(reachable=True)
    operator = caller_for("mara", "operator")
    told = operator.post(f"/operations/{failed.pk}/retry").json()
    assert (told["retry_of"], told["requested"]) == (failed.pk, {"vcpu": "first", "affect": "live"})
    desk.work()
    assert operator.get(f"/operations/{told['id']}").json()["status"] == "succeeded"
    assert refusal(operator.post(f"/operations/{failed.pk}/retry")) == (409, "not_retriable")


@pytest.mark.parametrize("deed", DEEDS)
def test_only_operators_ask_for_it(domain, viewer, limited, stranger, deed):
    made = make_operation(domain, status="failed")
    for caller in (viewer, limited):
        assert refusal(caller.post(f"/operations/{made.pk}/{deed}")) == (403, "not_permitted")
    assert refusal(stranger.post(f"/operations/{made.pk}/{deed}")) == (404, "operation_not_found")
    assert [(entry["actor"], entry["action"]) for entry in refused()] == [
        ("vera", deed),
        ("lena", deed),
        ("nobody", deed),
    ]
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize(
    ("number", "body", "key", "expected"),
    [
        ("999", None, None, (404, "operation_not_found")),
        ("0", None, None, (400, "invalid_request")),
        ("1", {"force": True}, None, (400, "invalid_request")),
        ("1", {"note": 5}, None, (400, "invalid_request")),
        ("1", None, "", (400, "invalid_request")),
        ("1", None, "ü", (400, "invalid_request")),
        ("1", None, "k" * 129, (400, "invalid_request")),
    ],
)
def test_request_that_makes_no_sense_makes_nothing(domain, operator, deed, number, body, key, expected):
    make_operation(domain, status="failed", reason="domain_busy", pk=1)
    assert refusal(operator.post(f"/operations/{number}/{deed}", body, key=key)) == expected
    assert Operation.objects.count() == 1
