"""``manage.py vcpu``: what it prints, and the exit status that says how it went."""

from __future__ import annotations

import json
import sys
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from domains.management.commands.vcpu import Command
from domains.models import Grant, HistoryEntry, Role
from domains.operations import doorbell, execute, workers


@pytest.fixture
def run(desk, monkeypatch):
    """Run the command with a worker that answers the bell at once; gives status, output and errors."""
    monkeypatch.setattr(doorbell, "ring", lambda ids: [execute.work(domain_id) for domain_id in set(ids)])

    def command(*arguments, name="vcpu"):
        out, err = StringIO(), StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command(name, *arguments, stdout=out, stderr=err)
        return ended.value.code, out.getvalue(), err.getvalue()

    return command


def test_add_and_wait_prints_the_operation(desk, run):
    desk.guest()
    status, out, _ = run(
        "add", "sim", "web01", "--vcpu", "5", "--live", "--config", "--wait", "--note", "T-1", "--json"
    )
    operation = json.loads(out)
    assert status == 0
    assert (operation["status"], operation["late"], operation["reason"]) == ("succeeded", False, None)
    assert operation["requested"] == {"vcpu": 5, "affect": "both"}
    assert (operation["affect_meant"], operation["door"], operation["note"]) == ("both", "command", "T-1")
    assert operation["actor"].startswith("os:")
    assert [(e["vcpu"], e["side"], e["target"], e["state"]) for e in operation["effects"]] == [
        (5, "live", "present", "done"),
        (5, "config", "present", "done"),
    ]
    assert operation["after"]["live"] == {"max": 8, "present": "0-3,5", "removable": "2-3,5"}
    assert operation["created"] <= operation["started"] <= operation["finished"]
    assert operation["finished"].endswith("Z")


def test_the_default_slot_is_first_and_highest(desk, run):
    desk.guest()
    _, out, _ = run("add", "sim", "web01", "--wait")
    assert "added vCPU 4 to web01, live: succeeded" in out
    _, out, _ = run("remove", "sim", "web01", "--wait")
    assert "removed vCPU 4 of web01, live: succeeded" in out


def test_every_action_is_understood(desk, run):
    desk.guest(present="0-3", removable="")
    for arguments, said in (
        (("make-removable", "--vcpu", "3"), "made removable vCPU 3 of web01, config: succeeded"),
        (("offline", "--vcpu", "2"), "took offline vCPU 2 of web01, live: succeeded"),
        (("online", "--vcpu", "2", "--live"), "brought online vCPU 2 of web01, live: succeeded"),
        (("add", "--vcpu", "6,7", "--live"), "added vCPU 6-7 to web01, live: succeeded"),
        (("sync", "--config"), "synced vCPU 6-7 of web01, config: succeeded"),
    ):
        action, *options = arguments
        status, out, _ = run(action, "sim", "web01", *options, "--wait")
        assert (status, said in out) == (0, True), out


@pytest.mark.parametrize(
    "arguments",
    [
        ("make-removable", "--vcpu", "3", "--live"),
        ("make-removable",),
        ("online", "--vcpu", "2", "--config"),
        ("offline",),
        ("sync",),
        ("sync", "--live", "--config"),
        ("sync", "--vcpu", "first", "--live"),
    ],
)
def test_sides_and_slots_that_an_action_does_not_take_are_refused(desk, run, arguments):
    desk.guest()
    action, *options = arguments
    status, _, err = run(action, "sim", "web01", *options)
    assert (status, "(invalid_request)" in err) == (2, True)


def test_operation_is_undone_and_retried_by_its_number(desk, run):
    uuid = desk.guest()
    run("add", "sim", "web01", "--vcpu", "5", "--live", "--wait")
    status, out, _ = run("undo", "1", "--note", "T-1", "--wait", "--json", name="operation")
    told = json.loads(out)
    assert (status, told["id"], told["status"], told["undo_of"], told["note"]) == (
        0,
        2,
        "succeeded",
        1,
        "T-1",
    )
    status, out, _ = run("undo", "1", "--json", name="operation")
    assert (status, json.loads(out)["code"]) == (2, "not_undoable")
    status, _, err = run("retry", "1", name="operation")
    assert (status, "not_retriable" in err) == (2, True)
    desk.simulator.tune(reachable=False)
    status, out, _ = run("undo", "2", "--wait", name="operation")
    assert (status, "operation 3: " in out, "host_unreachable" in out) == (1, True, False)
    desk.simulator.tune(reachable=True)
    status, out, _ = run("retry", "3", "--wait", name="operation")
    assert (status, "added vCPU 5 to web01, live: succeeded" in out) == (0, True)
    desk.simulator.guest(uuid, "waits")
    assert run("undo", "4", "--wait", name="operation")[0] == 3


def test_operation_is_shown_asked_again_and_given_up_by_its_number(desk, run):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    assert run("remove", "sim", uuid, "--vcpu", "3", "--live", "--wait")[0] == 3
    status, out, _ = run("show", "1", "--json", name="operation")
    assert (status, json.loads(out)["status"]) == (3, "waiting")
    status, out, _ = run("ask-again", "1", "--wait", name="operation")
    assert (status, "waiting" in out) == (3, True)
    status, out, _ = run("stop-waiting", "1", "--note", "enough", "--json", name="operation")
    assert (status, json.loads(out)["reason"]) == (0, "unplug_unconfirmed")
    status, _, err = run("cancel", "1", name="operation")
    assert (status, "(not_cancellable)" in err) == (2, True)
    status, out, _ = run("show", "77", "--json", name="operation")
    assert (status, json.loads(out)["code"]) == (2, "operation_not_found")


def test_the_exit_status_says_how_it_went(desk, run):
    uuid = desk.guest()
    assert run("remove", "sim", uuid, "--vcpu", "1", "--live", "--wait")[0] == 1
    desk.simulator.guest(uuid, "waits")
    assert run("remove", "sim", uuid, "--vcpu", "3", "--live", "--wait")[0] == 3
    status, out, _ = run("remove", "sim", uuid, "--vcpu", "3", "--live")
    assert (status, "operation 2" in out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["add", "nowhere", "web01"], "host_not_found"),
        (["add", "sim", "nobody"], "domain_not_found"),
        (["add", "sim", "web01", "--vcpu", "99999"], "invalid_request"),
        (["add", "sim", "web01", "--vcpu", ""], "invalid_request"),
        (["add", "sim", "web01", "--vcpu", "highest"], "invalid_request"),
        (["explode", "sim", "web01"], "invalid_request"),
        (["add", "sim", "web01", "--as", "nobody"], "not_permitted"),
        (["add", "sim", "web01", "--as", "vera"], "not_permitted"),
    ],
)
def test_a_refusal_is_told_as_text_and_as_json(desk, run, arguments, code):
    desk.guest()
    Grant.objects.create(user=User.objects.create_user("vera"), role=Role.VIEWER)
    status, _, err = run(*arguments)
    assert status == 2
    assert f"({code})" in err
    status, out, _ = run(*arguments, "--json")
    assert status == 2
    assert json.loads(out)["code"] == code


def test_a_wrong_command_line_answers_with_json_too(desk, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["manage.py", "vcpu", "add", "--json"])
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(sys.argv)
    assert ended.value.code == 2
    assert json.loads(capsys.readouterr().out)["code"] == "invalid_request"


def test_acting_as_an_operator_carries_the_name(desk, run):
    desk.guest()
    Grant.objects.create(user=User.objects.create_user("otto"), role=Role.OPERATOR)
    status, out, _ = run("add", "sim", "web01", "--as", "otto", "--wait", "--json")
    assert (status, json.loads(out)["actor"]) == (0, "otto")
    assert set(HistoryEntry.objects.values_list("actor", flat=True)) == {"otto"}


def test_show_tells_each_slot_and_its_reasons(desk, run):
    desk.guest()
    status, out, _ = run("show", "sim", "web01", "--json")
    told = json.loads(out)
    assert (status, told["live"]["present"]) == (0, "0-3")
    assert told["slots"][1]["live"] == "fixed"
    assert told["slots"][1]["reasons"]["live"] == {"add": "already_present", "remove": "not_removable"}
    assert told["slots"][5]["reasons"]["live"] == {"add": None, "remove": "already_absent"}
    assert "0-3 of 0-7" in run("show", "sim", "web01")[1]


def test_show_tells_what_is_under_way_and_what_the_reader_may(desk, run):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    run("remove", "sim", uuid, "--vcpu", "3", "--live", "--wait")
    Grant.objects.create(user=User.objects.create_user("vera"), role=Role.VIEWER)
    _, out, _ = run("show", "sim", uuid, "--json", "--as", "vera")
    hints = {hint["code"]: hint["message"] for hint in json.loads(out)["slots"][3]["hints"]["live"]}
    assert hints.keys() == {"operation_open", "not_permitted"}
    assert "operation 1" in hints["operation_open"]


def test_hostile_names_are_escaped_on_the_terminal(desk, run):
    desk.guest("a\x1b[31m\u202eb")
    _, out, _ = run("add", "sim", "a\x1b[31m\u202eb", "--vcpu", "5", "--live", "--wait")
    assert "\\x1b[31m\\u202e" in out
    assert "\x1b" not in out


def test_who_waits_is_told_that_nobody_serves_the_queue(desk, run, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda ids: None)
    desk.guest()
    status, out, errors = run("add", "sim", "web01", "--vcpu", "5", "--wait=0.1", "--json")
    assert (status, json.loads(out)["status"]) == (3, "queued")
    assert "No worker serves the queue default of sim: operation 1 stays queued until one does." in errors


def test_who_waits_is_told_nothing_where_the_queue_is_served(desk, run, monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda ids: None)
    workers.tell("celery@here:1", queues=["default"], processes=4, busy=0)
    desk.guest()
    assert run("add", "sim", "web01", "--vcpu", "5", "--wait=0.1")[2] == ""
