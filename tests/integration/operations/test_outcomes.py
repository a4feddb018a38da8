"""What becomes of an operation, on a simulated host."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from domains.models import Effect, Grant, HistoryEntry, Host, Operation, Role
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.sweep import sweep
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from tests.integration.operations.outcomes import effects, kinds, outside


def test_add_changes_live_then_config_and_tells_the_whole_story(desk):
    uuid = desk.guest()
    operation = desk.ask(uuid, "add", 5)
    assert (operation.status, operation.late, operation.reason) == ("succeeded", False, "")
    assert (operation.affect_meant, operation.attempt) == ("both", 1)
    assert effects(operation) == [(5, "live", "done", False, ""), (5, "config", "done", False, "")]
    assert operation.before["live"]["present"] == "0-3"
    assert operation.after["live"]["present"] == operation.after["config"]["present"] == "0-3,5"
    assert kinds(operation) == ["requested", "started", "confirmed", "confirmed"]
    assert [(call.side, call.present) for call in desk.simulator.calls()] == [
        (Side.LIVE, True),
        (Side.CONFIG, True),
    ]
    assert outside() == 0


@pytest.mark.parametrize(("action", "word", "slot"), [("add", "first", 4), ("remove", "highest", 3)])
def test_words_are_resolved_from_a_fresh_reading(desk, action, word, slot):
    uuid = desk.guest()
    operation = desk.ask(uuid, action, word, "live", expect=slot)
    assert operation.status == "succeeded"
    assert effects(operation) == [(slot, "live", "done", False, "")]


def test_what_the_person_was_shown_must_still_be_meant(desk):
    uuid = desk.guest()
    desk.simulator.foreign_set(uuid, 4, True, Side.LIVE)
    operation = desk.ask(uuid, "add", "first", "live", expect=4)
    assert (operation.status, operation.reason) == ("failed", "changed_meanwhile")
    assert "vCPU 5" in operation.message
    assert desk.simulator.calls() == []
    assert outside() == 1


def test_current_means_live_on_a_running_guest_and_config_on_another(desk):
    running, shut_off = desk.guest(), desk.guest("batch01", running=False)
    assert desk.ask(running, "add", 5, "current").affect_meant == "live"
    operation = desk.ask(shut_off, "add", 5, "current")
    assert (operation.affect_meant, operation.status) == ("config", "succeeded")


@pytest.mark.parametrize(
    ("action", "vcpu", "affect", "reason"),
    [
        ("add", 2, "live", "already_present"),
        ("remove", 5, "live", "already_absent"),
        ("remove", 1, "live", "not_removable"),
        ("remove", 0, "config", "vcpu0_fixed"),
        ("add", 8, "live", "out_of_range"),
        ("remove", 0, "both", "vcpu0_fixed"),
    ],
)
def test_the_rules_refuse_without_a_call(desk, action, vcpu, affect, reason):
    uuid = desk.guest()
    operation = desk.ask(uuid, action, vcpu, affect)
    assert (operation.status, operation.reason) == ("failed", reason)
    assert operation.message
    assert desk.simulator.calls() == []


def test_asking_anyway_lets_the_hypervisor_refuse(desk):
    uuid = desk.guest()
    operation = desk.ask(uuid, "remove", 1, "live", ask_anyway=True)
    assert (operation.status, operation.reason) == ("failed", "not_removable")
    assert len(desk.simulator.calls()) == 1
    assert operation.effects.get().libvirt_code == 84


@pytest.mark.parametrize("affect", ["live", "config"])
def test_slot_that_does_not_exist_is_not_taken_for_an_absent_one(desk, affect):
    operation = desk.ask(desk.guest(), "remove", 9, affect, ask_anyway=True)
    assert (operation.status, operation.reason) == ("failed", "out_of_range")
    assert operation.effects.get().libvirt_code == 8


def test_a_side_that_already_is_as_asked_is_skipped(desk):
    uuid = desk.guest()
    desk.ask(uuid, "add", 5, "live")
    operation = desk.ask(uuid, "add", 5, "both")
    assert operation.status == "succeeded"
    assert effects(operation) == [
        (5, "live", "skipped", False, "already_present"),
        (5, "config", "done", False, ""),
    ]


def test_what_the_other_side_would_refuse_stops_both(desk):
    uuid = desk.guest("transient01", persistent=False)
    operation = desk.ask(uuid, "add", 5, "both")
    assert (operation.status, operation.reason) == ("failed", "domain_not_persistent")
    assert desk.simulator.calls() == []


def test_several_slots_are_done_in_the_order_asked(desk):
    uuid = desk.guest()
    operation = desk.ask(uuid, "add", [7, 5], "live")
    assert operation.status == "succeeded"
    assert [sorted(call.ids) for call in desk.simulator.calls()] == [[7], [5]]


def test_the_first_failure_stops_the_rest_unless_told_otherwise(desk):
    uuid = desk.guest()
    stopped = desk.ask(uuid, "add", [5, 9, 6], "live", ask_anyway=True)
    assert stopped.status == "partial"
    assert [state for _, _, state, _, _ in effects(stopped)] == ["done", "failed", "skipped"]
    went_on = desk.ask(uuid, "add", [6, 9, 7], "live", ask_anyway=True, on_failure="continue")
    assert [state for _, _, state, _, _ in effects(went_on)] == ["done", "failed", "done"]


def test_a_domain_that_vanished_between_click_and_claim(desk):
    uuid = desk.guest()
    operation = desk.ask(uuid, "add", 5, work=False)
    desk.simulator.vanish(uuid)
    operation = desk.work(operation)
    assert (operation.status, operation.reason) == ("failed", "domain_not_found")
    assert operation.domain.gone_at is not None


def test_a_host_out_of_reach_is_not_asked(desk):
    uuid = desk.guest()
    desk.simulator.tune(reachable=False)
    operation = desk.ask(uuid, "add", 5)
    assert (operation.status, operation.reason) == ("failed", "host_unreachable")


def test_waiting_for_a_host_is_done_on_request_and_ends(desk, settings):
    uuid = desk.guest()
    desk.simulator.tune(reachable=False)
    operation = desk.ask(uuid, "add", 5, queue_if_unreachable=True)
    assert operation.status == "queued"
    assert kinds(operation) == ["requested", "started", "put_back"]
    put_back = json.loads(HistoryEntry.objects.get(kind="put_back").body)
    assert (put_back["status"], put_back["reason"]) == ("queued", "host_unreachable")
    Host.objects.update(state="unreachable")
    settings.QUEUE_PATIENCE = timedelta(0)
    sweep()
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == ("failed", "host_unreachable")


def test_waiting_for_a_host_ends_too_where_only_workers_cannot_reach_it(desk, settings):
    uuid = desk.guest()
    desk.simulator.tune(reachable=False)
    operation = desk.ask(uuid, "add", 5, queue_if_unreachable=True)
    settings.QUEUE_PATIENCE = timedelta(0)
    desk.bells.append(operation.domain_id)
    operation = desk.work(operation)
    assert (operation.status, operation.reason) == ("failed", "host_unreachable")
    assert kinds(operation) == ["requested", "started", "put_back", "started", "failed"]


def test_every_entry_says_who_asked_whoever_wrote_it(desk):
    uuid = desk.guest()
    user = User.objects.create_user("mara")
    Grant.objects.create(user=user, role=Role.OPERATOR)
    actor = Actor("mara", "api", user, "192.0.2.7", token="nightly")
    operation = desk.ask(uuid, "remove", "highest", actor=actor, note="T-1")
    told = [json.loads(entry.body) for entry in HistoryEntry.objects.filter(operation=operation.pk)]
    assert len(told) >= 3
    for body in told:
        assert (body["actor"], body["door"], body["address"]) == ("mara", "api", "192.0.2.7")
        assert (body["token"], body["note"]) == ("nightly", "T-1")
        assert body["requested"] == {"vcpu": "highest", "affect": "both"}
    last = max(told, key=lambda body: body["time"])
    assert {effect["vcpu"] for effect in last["effects"]} == {3}
    assert last["before"] != last["after"]


def test_a_busy_domain_is_told_as_busy(desk):
    uuid = desk.guest()
    desk.simulator.busy(uuid, 60)
    operation = desk.ask(uuid, "add", 5, "live")
    assert (operation.status, operation.reason) == ("failed", "domain_busy")
    assert operation.effects.get().libvirt_code == 68


def test_a_viewer_is_refused_and_that_stands_in_the_history(desk):
    uuid = desk.guest()
    viewer = User.objects.create_user("vera")
    Grant.objects.create(user=viewer, role=Role.VIEWER)
    with pytest.raises(RequestRefused) as refused:
        desk.ask(uuid, "add", 5, actor=Actor("vera", "page", viewer, "192.0.2.7"))
    assert refused.value.code is Reason.NOT_PERMITTED
    entry = HistoryEntry.objects.get(kind="refused")
    assert (entry.actor, entry.reason, entry.domain_name) == ("vera", "not_permitted", "web01")
    assert Operation.objects.count() == 0


def test_what_one_may_not_see_is_answered_like_what_is_not_there(desk):
    uuid = desk.guest()
    stranger = User.objects.create_user("sid")
    with pytest.raises(RequestRefused) as refused:
        desk.ask(uuid, "add", 5, actor=Actor("sid", "page", stranger))
    assert refused.value.code is Reason.HOST_NOT_FOUND
    Grant.objects.create(user=stranger, role=Role.VIEWER, pattern="db*")
    desk.guest("db01")
    with pytest.raises(RequestRefused) as refused:
        desk.ask(uuid, "add", 5, actor=Actor("sid", "page", stranger))
    assert refused.value.code is Reason.DOMAIN_NOT_FOUND


@pytest.mark.parametrize(
    "nonsense",
    [
        {"vcpu": "-5"},
        {"vcpu": "9" * 500},
        {"vcpu": []},
        {"affect": "sideways"},
        {"action": "explode"},
        {"note": "x" * 2001},
    ],
)
def test_nonsense_is_refused_and_stands_in_the_history(desk, nonsense):
    uuid = desk.guest()
    asked = {"action": "add", "vcpu": "5", "affect": "live"} | nonsense
    with pytest.raises(RequestRefused) as refused:
        desk.ask(uuid, **asked)
    assert refused.value.code is Reason.INVALID_REQUEST
    entry = HistoryEntry.objects.get(kind="refused")
    assert (entry.actor, entry.reason, entry.domain_uuid) == ("os:root", "invalid_request", uuid)
    assert len(entry.body) < 3000


def test_the_same_key_gives_the_same_operation(desk):
    uuid = desk.guest()
    first = desk.ask(uuid, "add", 5, key="k1")
    assert desk.ask(uuid, "add", 5, key="k1").pk == first.pk
    with pytest.raises(RequestRefused) as refused:
        desk.ask(uuid, "add", 6, key="k1")
    assert refused.value.code is Reason.IDEMPOTENCY_MISMATCH
    assert Effect.objects.count() == 2


def test_no_transaction_is_open_while_the_host_is_asked(desk, monkeypatch):
    from django.db import connection  # noqa: PLC0415  # the connection of this test's thread

    seen = []
    monkeypatch.setattr(
        "tests.simulator.SimulatedGateway.set_slots",
        lambda self, uuid, ids, *, present, side: seen.append(connection.in_atomic_block),
    )
    desk.ask(desk.guest(), "add", 5, "live")
    assert seen == [False]
