"""Cancelling, asking again and giving up a wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domains.models import Domain, Effect, HistoryEntry
from domains.operations import control
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from tests.integration.web.factory import make_user


def states(operation):
    return [(e.side, e.state, e.late, e.reason) for e in operation.effects.order_by("pk")]


def entries(operation):
    found = HistoryEntry.objects.filter(operation=operation.pk).order_by("seq")
    return [(entry.kind, entry.actor) for entry in found]


@pytest.fixture
def waiting(desk):
    """A removal on both sides that waits for its guest."""
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", [3])
    assert operation.status == "waiting"
    return operation


def test_queued_operation_is_cancelled_and_never_runs(desk):
    operation = desk.ask(desk.guest(), "add", [5], work=False)
    cancelled = control.cancel(Actor("mara", "page"), operation.pk, note="wrong guest")
    assert (cancelled.status, cancelled.final) == ("cancelled", True)
    assert "mara cancelled it" in cancelled.message
    assert entries(operation) == [("requested", "os:root"), ("cancelled", "mara")]
    desk.work()
    assert desk.simulator.calls() == []
    assert (
        desk.ask(str(Domain.objects.get().uuid), "add", [5]).status == "succeeded"
    )  # its slots are free again


@pytest.mark.parametrize("deed", [control.cancel, control.ask_again, control.stop_waiting])
def test_operation_that_is_over_is_left_alone(desk, deed):
    operation = desk.ask(desk.guest(), "add", [5])
    with pytest.raises(RequestRefused) as caught:
        deed(desk.actor, operation.pk)
    assert (caught.value.code, caught.value.http_status) == ("not_cancellable", 409)
    assert f"Operation {operation.pk} is succeeded" in caught.value.message
    assert HistoryEntry.objects.filter(kind="refused", reason="not_cancellable").count() == 1


def test_asking_again_is_a_new_attempt_of_the_same_operation(desk, waiting):
    desk.simulator.guest(str(waiting.domain_uuid), "cooperates")
    asked = control.ask_again(Actor("mara", "page"), waiting.pk)
    assert asked.status == "queued"
    done = desk.work(waiting)
    assert (done.status, done.late, done.attempt) == ("succeeded", True, 2)
    assert states(done) == [("live", "done", True, ""), ("config", "done", True, "")]
    assert [call.side for call in desk.simulator.calls()] == [Side.LIVE, Side.LIVE, Side.CONFIG]
    kinds = [kind for kind, _ in entries(done)]
    assert kinds == [
        "requested", "started", "waiting", "asked_again", "started", "confirmed", "confirmed",
    ]  # fmt: skip
    assert ("asked_again", "mara") in entries(done)


def test_every_slot_that_is_waited_for_is_asked_for_again(desk):
    uuid = desk.guest(removable="1-3")
    desk.simulator.guest(uuid, "refuses")  # and nobody hears it
    operation = desk.ask(uuid, "remove", [3, 2, 1])
    assert [state[1] for state in states(operation)] == ["waiting"] * 6
    desk.simulator.guest(uuid, "cooperates")
    control.ask_again(desk.actor, operation.pk)
    done = desk.work(operation)
    assert (done.status, done.late, done.attempt) == ("succeeded", True, 2)
    assert done.after["live"]["present"] == done.after["config"]["present"] == "0"


def test_host_that_is_away_when_it_is_to_be_asked_again_leaves_the_wait_as_it_was(desk, waiting, settings):
    desk.simulator.tune(reachable=False)
    control.ask_again(desk.actor, waiting.pk)
    again = desk.work(waiting)
    assert (again.status, again.asking) == ("waiting", False)
    settings.UNPLUG_PATIENCE = timedelta(0)
    sweep()
    again.refresh_from_db()
    assert again.status == "unconfirmed"


def test_asking_again_in_vain_waits_anew(desk, waiting):
    Effect.objects.update(state="unconfirmed", applied_at=waiting.created_at - timedelta(days=1))
    desk.look(str(waiting.domain_uuid))
    waiting.status = "unconfirmed"
    waiting.save()
    control.ask_again(desk.actor, waiting.pk)
    sweep()  # patience begins anew
    again = desk.work(waiting)
    assert (again.status, again.late, again.attempt) == ("waiting", False, 2)


def test_guest_that_lets_go_before_it_is_asked_again_needs_no_second_call(desk, waiting):
    control.ask_again(desk.actor, waiting.pk)
    desk.simulator.release(str(waiting.domain_uuid))
    desk.look(str(waiting.domain_uuid))
    done = desk.work(waiting)
    assert (done.status, done.late) == ("succeeded", True)
    assert [call.side for call in desk.simulator.calls()] == [Side.LIVE, Side.CONFIG]


def test_slot_that_a_newer_operation_works_on_is_not_asked_for_again(desk, waiting):
    control.stop_waiting(desk.actor, waiting.pk)
    desk.ask(str(waiting.domain_uuid), "remove", [3], work=False)
    with pytest.raises(RequestRefused) as caught:
        control.ask_again(desk.actor, waiting.pk)
    assert caught.value.code == "operation_open"


def test_waiting_is_ended_by_hand_and_the_late_answer_still_counts(desk, waiting):
    stopped = control.stop_waiting(Actor("mara", "page"), waiting.pk, note="enough")
    assert (stopped.status, stopped.reason) == ("unconfirmed", "unplug_unconfirmed")
    assert "lscpu" in stopped.message
    assert ("stopped_waiting", "mara") in entries(stopped)
    desk.simulator.release(str(waiting.domain_uuid))
    desk.bells.extend([waiting.domain_id] if desk.look(str(waiting.domain_uuid)) else [])
    done = desk.work(waiting)
    assert (done.status, done.late) == ("succeeded", True)


def test_who_may_only_see_controls_nothing(desk, waiting):
    viewer, stranger = make_user("vera", "viewer"), make_user("otto")
    with pytest.raises(RequestRefused) as caught:
        control.stop_waiting(Actor("vera", "api", viewer), waiting.pk)
    assert (caught.value.code, caught.value.http_status) == ("not_permitted", 403)
    type(waiting).objects.update(domain=None)  # as when its host is removed
    with pytest.raises(RequestRefused) as caught:
        control.stop_waiting(Actor("vera", "api", viewer), waiting.pk)
    assert caught.value.code == "not_permitted"
    for number in (waiting.pk, 999_999, -1, 2**70):
        with pytest.raises(RequestRefused) as caught:
            control.stop_waiting(Actor("otto", "api", stranger), number)
        assert (caught.value.code, caught.value.http_status) == ("operation_not_found", 404)
    refused = HistoryEntry.objects.filter(kind="refused")
    assert (
        refused.filter(actor="otto", domain_name=None).count() == 4
    )  # nothing is told by way of the history
