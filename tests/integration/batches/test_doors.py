"""The API's and the command's doors to batches."""

from __future__ import annotations

import json

import pytest

from domains.models import Batch, HistoryEntry, Operation
from domains.operations import execute
from domains.operations.batches.running import advance
from tests.integration.api.conftest import caller_for, refusal
from tests.integration.web.factory import make_user
from tests.typed import type_command


@pytest.fixture
def mara(desk):
    return caller_for("mara", "operator")


def typed(capsys, *words):
    with pytest.raises(SystemExit) as ending:
        type_command("batch", *words)
    told = capsys.readouterr()
    return ending.value.code, told.out, told.err


def test_plan_and_batch_have_one_form(desk, mara):
    desk.guests("web1", "web2")
    body = {"action": "add", "match": "web*", "count": 2, "affect": "both", "note": "release 42"}

    plan = mara.post("/batches", body | {"dry_run": True})
    made = mara.post("/batches", body)

    assert (plan.status_code, made.status_code) == (200, 202)
    planned, told = plan.json(), made.json()
    assert planned.keys() == told.keys()
    assert planned["guests"][0].keys() == told["guests"][0].keys()
    assert (planned["id"], planned["status"], planned["counts"]) == (None, "planned", {"due": 2})
    assert [guest["plan"] for guest in planned["guests"]] == ["adds vCPU 4-5, live and config"] * 2
    assert made["Location"] == f"/api/v1/batches/{told['id']}"
    desk.work()
    shown = mara.get(f"/batches/{told['id']}").json()
    assert (shown["status"], shown["counts"]) == ("finished", {"succeeded": 2})
    assert shown["requested"] == {"vcpu": None, "count": 2, "affect": "both"}
    operation = mara.get(f"/operations/{shown['guests'][0]['operation']}").json()
    assert (operation["batch"], operation["note"]) == (told["id"], "release 42")


def test_dry_run_leaves_no_trace(desk, mara):
    desk.guests("web1")
    before = HistoryEntry.objects.count()

    assert mara.post("/batches", {"action": "add", "match": "*", "dry_run": True}).status_code == 200

    assert (Batch.objects.count(), HistoryEntry.objects.count()) == (0, before)


def test_key_and_named_guests(desk, mara):
    known = desk.guests("web1", "web2")
    body = {"action": "add", "domains": ["sim/web1", f"sim/{known['web2']}"], "vcpu": [6, 7]}

    first, second = (mara.post("/batches", body, key="once").json() for _ in range(2))

    assert first["id"] == second["id"]
    assert [guest["vcpu"] for guest in first["guests"]] == ["6-7", "6-7"]
    assert refusal(mara.post("/batches", body | {"vcpu": [5]}, key="once")) == (422, "idempotency_mismatch")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "invalid_request")),
        ({"action": "add"}, (400, "invalid_request")),
        ({"action": "add", "match": "*", "domains": ["sim/web1"]}, (400, "invalid_request")),
        ({"action": "add", "match": "mail*"}, (404, "domain_not_found")),
        ({"action": "add", "domains": ["sim/mail1"]}, (404, "domain_not_found")),
        ({"action": "add", "domains": []}, (400, "invalid_request")),
        ({"action": "online", "match": "*"}, (400, "invalid_request")),
        ({"action": "add", "match": "*", "count": 0}, (400, "invalid_request")),
        ({"action": "add", "match": "*", "count": 2, "vcpu": 5}, (400, "invalid_request")),
        ({"action": "add", "match": "*", "parallel": 1000}, (400, "invalid_request")),
        ({"action": "add", "match": "*", "loud": True}, (400, "invalid_request")),
    ],
)
def test_what_makes_no_sense_is_refused_once_in_the_history(desk, mara, body, expected):
    desk.guests("web1")

    assert refusal(mara.post("/batches", body)) == expected
    assert HistoryEntry.objects.filter(kind="refused").count() == 1
    assert not Batch.objects.exists()


def test_cancel_and_retry_by_the_api(desk, mara):
    desk.guests("web1", "web2")
    batch = mara.post("/batches", {"action": "add", "match": "*", "parallel": 1}).json()

    cancelled = mara.post(f"/batches/{batch['id']}/cancel", {"note": "not now"})
    retried = mara.post(f"/batches/{batch['id']}/retry")

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "stopped")
    assert cancelled.json()["counts"] == {"cancelled": 1, "dropped": 1}
    assert (retried.status_code, retried.json()["retry_of"]) == (202, batch["id"])
    assert retried.json()["parallel"] == 1
    assert refusal(mara.post(f"/batches/{batch['id']}/retry")) == (409, "not_retriable")
    assert refusal(mara.post(f"/batches/{batch['id']}/cancel")) == (409, "not_cancellable")
    assert refusal(mara.get("/batches/999")) == (404, "batch_not_found")


def test_retry_that_is_sent_again_with_its_key_gives_the_batch_that_it_made(desk, mara):
    desk.guests("web1", "web2")
    batch = mara.post("/batches", {"action": "add", "match": "*", "parallel": 1}).json()
    mara.post(f"/batches/{batch['id']}/cancel")
    again = f"/batches/{batch['id']}/retry"

    first = mara.post(again, key="once").json()
    desk.work()
    repeated = mara.post(again, key="once")

    assert (repeated.status_code, repeated.json()["id"]) == (202, first["id"])
    assert repeated.json()["counts"] == {"succeeded": 2}
    assert refusal(mara.post(again, {"parallel": 3}, key="once")) == (422, "idempotency_mismatch")
    assert refusal(mara.post(again, key="twice")) == (409, "not_retriable")
    assert Batch.objects.count() == 2


def test_guests_that_may_not_be_seen_are_counted_and_not_named(desk, mara):
    desk.guests("web1", "db1")
    batch = mara.post("/batches", {"action": "add", "match": "*"}).json()
    otto = caller_for("otto", "viewer", pattern="web*")

    told = otto.get(f"/batches/{batch['id']}").json()

    assert [guest["domain"]["name"] for guest in told["guests"]] == ["web1"]
    assert told["hidden"] == 1
    plan = otto.post("/batches", {"action": "add", "match": "*", "dry_run": True}).json()
    assert [(one["outcome"], one["reason"]) for one in plan["guests"]] == [("cannot", "not_permitted")]


def test_command_prints_the_plan_and_starts_the_batch(desk, capsys):
    desk.guests("web1", "web2", "db1")

    code, out, _ = typed(capsys, "add", "--match", "web*", "--count", "2", "--live", "--config", "--dry-run")

    assert code == 0
    assert "planned: add 2 vCPUs to 2 guests: 2 due" in out
    assert "web1 on sim: due: adds vCPU 4-5, live and config" in out
    assert not Batch.objects.exists()
    code, out, _ = typed(
        capsys, "add", "--match", "web*", "--count", "2", "--live", "--json", "--note", "r42"
    )
    told = json.loads(out)
    assert (code, told["counts"], told["note"]) == (0, {"queued": 2}, "r42")


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [(["succeeded"] * 2, 0), (["succeeded", "failed"], 1), (["succeeded", "unconfirmed"], 3)],
)
def test_exit_status_of_a_batch_that_was_waited_for(desk, capsys, monkeypatch, statuses, expected):
    desk.guests("web1", "web2")

    def carry_out(batch, seconds):
        for operation, status in zip(Operation.objects.order_by("pk"), statuses, strict=True):
            ended = None if status == "unconfirmed" else "2026-01-01T00:00:00Z"
            Operation.objects.filter(pk=operation.pk).update(status=status, finished_at=ended)
        advance(batch.pk)
        batch.refresh_from_db()

    monkeypatch.setattr("domains.management.batching.wait", carry_out)

    assert typed(capsys, "add", "--match", "*", "--live", "--wait")[0] == expected


def test_command_that_waits_in_vain_says_that_it_is_not_over(desk, capsys):
    desk.guests("web1")

    assert typed(capsys, "add", "--match", "*", "--wait", "0.1")[0] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "--match", "mail*"], "No guest that you may see has a name like “mail*”"),
        (["fly", "--match", "*"], "invalid choice: 'fly'"),
        (["add"], "required: --match"),
        (["cancel", "seven"], "invalid int value"),
        (["cancel", "7"], "There is no batch 7"),
        (["retry", "7"], "There is no batch 7"),
        (["add", "--match", "*", "--count", "x"], "whole number"),
        (["add", "--match", "*", "--host", "elsewhere"], "on host elsewhere"),
    ],
)
def test_refused_command_ends_with_two_and_is_written_down(desk, capsys, words, said):
    desk.guests("web1")

    code, _, err = typed(capsys, *words)

    assert code == 2
    assert said in err
    assert HistoryEntry.objects.filter(kind="refused").count() == 1


def test_command_shows_cancels_and_retries_a_batch(desk, capsys):
    desk.guests("web1", "web2", "web3")
    desk.guest("full1", present="0-7", removable="2-7")
    code, out, _ = typed(
        capsys, "add", "--match", "*", "--live", "--parallel", "1", "--note", "r42", "--json"
    )
    number = json.loads(out)["id"]
    assert typed(capsys, "show", str(number), "--json")[1] == out
    execute.work(desk.bells.pop(0))

    code, out, _ = typed(capsys, "cancel", str(number), "--note", "not now")

    assert (code, Batch.objects.get(pk=number).status) == (0, "stopped")
    assert (
        f"batch {number}, stopped: add 1 vCPU to 4 guests: 1 succeeded, 1 cancelled, 1 dropped, 1 cannot"
        in out
    )
    assert "os:root cancelled what had not started." in out
    assert HistoryEntry.objects.filter(kind="batch_cancelled").count() == 1
    assert typed(capsys, "show", str(number))[0] == 1
    code, out, _ = typed(capsys, "retry", str(number), "--parallel", "5", "--dry-run")
    assert (code, Batch.objects.count()) == (0, 1)
    assert "planned: add 1 vCPU to 2 guests: 2 due" in out
    code, out, _ = typed(capsys, "retry", str(number), "--parallel", "5", "--json")
    told = json.loads(out)
    assert (code, told["retry_of"], told["counts"]) == (0, number, {"queued": 2})
    assert (told["parallel"], told["stop_on_failure"], told["note"]) == (5, False, "r42")
    assert typed(capsys, "show", str(told["id"]))[0] == 3
    desk.work()
    assert typed(capsys, "show", str(told["id"]))[0] == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], True), (["--stop-on-failure"], True), (["--no-stop-on-failure"], False)],
)
def test_retried_batch_stops_at_a_failure_as_before_unless_told(desk, capsys, words, expected):
    desk.guests("web1")
    batch = desk.run(action="add", affect="live", stop_on_failure=True, work=False).pk
    typed(capsys, "cancel", str(batch))

    told = json.loads(typed(capsys, "retry", str(batch), *words, "--json")[1])

    assert told["stop_on_failure"] is expected


@pytest.mark.parametrize("deed", ["show", "cancel", "retry"])
def test_command_about_what_nobody_may_see_says_so_and_looking_leaves_no_trace(desk, capsys, deed):
    desk.guests("web1")
    batch = desk.run(action="add", work=False)
    make_user("nemo", "viewer", pattern="mail*")

    code, out, _ = typed(capsys, deed, str(batch.pk), "--as", "nemo", "--json")

    assert (code, json.loads(out)["code"]) == (2, "batch_not_found")
    assert HistoryEntry.objects.filter(kind="refused").count() == (deed != "show")


def test_command_tells_of_the_guests_that_its_user_may_see_and_counts_the_others(desk, capsys):
    desk.guests("web1")
    desk.guest("db1", present="0-7", removable="2-7")
    batch = desk.run(action="add", affect="live")
    make_user("otto", "viewer", pattern="web*")

    code, out, _ = typed(capsys, "show", str(batch.pk), "--as", "otto")

    assert code == 0
    assert "add 1 vCPU to 2 guests: 1 succeeded" in out
    assert "db1" not in out
    assert "1 more, which you may not see" in out
    assert typed(capsys, "show", str(batch.pk))[0] == 1
