"""Guests that have not let go yet: waiting, late answers, refusals, and newer requests for the same slot."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from domains.inventory import attribution
from domains.models import Domain, HistoryEntry
from domains.operations import control
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from tests.integration.operations.outcomes import effects, kinds, outside
from tests.simulator import SimulatedGateway


def test_a_guest_that_has_not_let_go_is_waited_for_and_then_late(desk):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", 3)
    assert (operation.status, operation.reason) == ("waiting", "")
    assert "has not done so yet" in operation.message
    assert [state for _, _, state, _, _ in effects(operation)] == ["waiting", "waiting"]
    desk.simulator.release(uuid)
    desk.look(uuid)
    operation.refresh_from_db()
    assert operation.status == "queued"  # its config half, for a worker
    desk.bells.append(operation.domain_id)
    operation = desk.work(operation)
    assert (operation.status, operation.late) == ("succeeded", True)
    assert effects(operation) == [(3, "live", "done", True, ""), (3, "config", "done", False, "")]
    assert kinds(operation) == ["requested", "started", "waiting", "late", "started", "confirmed"]
    assert outside() == 0


def test_a_paused_guest_is_named_as_what_is_waited_for(desk):
    uuid = desk.guest("idle01", paused=True)
    operation = desk.ask(uuid, "remove", 3, "live")
    assert (operation.status, operation.reason) == ("waiting", "guest_paused")
    desk.simulator.resume(uuid)
    desk.look(uuid)
    operation.refresh_from_db()
    assert (operation.status, operation.late) == ("succeeded", True)


def test_patience_ends_in_unconfirmed_and_the_slot_may_still_land(desk, settings):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", 3)
    settings.UNPLUG_PATIENCE = timedelta(0)
    sweep()
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == ("unconfirmed", "unplug_unconfirmed")
    desk.simulator.release(uuid)
    desk.look(uuid)
    desk.bells.append(operation.domain_id)
    operation = desk.work(operation)
    assert (operation.status, operation.late) == ("succeeded", True)


def test_a_newer_request_takes_the_place_of_an_unconfirmed_one(desk, settings):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    first = desk.ask(uuid, "remove", 3, "live")
    settings.UNPLUG_PATIENCE = timedelta(0)
    sweep()
    second = desk.ask(uuid, "remove", 3, "live")
    first.refresh_from_db()
    assert (first.status, first.reason) == ("failed", "superseded")
    assert json.loads(HistoryEntry.objects.get(kind="superseded").body)["superseded_by"] == first.pk + 1
    assert second.status == "waiting"


def test_overtaken_config_half_takes_no_live_one_along(desk, settings):
    settings.UNPLUG_PATIENCE = timedelta(0)
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    first = desk.ask(uuid, "remove", 3)
    sweep()
    desk.ask(uuid, "add", 3, "config")  # it is there already, and is meant to stay
    first.refresh_from_db()
    assert (first.status, effects(first)[0][2:]) == (
        "unconfirmed",
        ("unconfirmed", False, "unplug_unconfirmed"),
    )
    assert effects(first)[1][2:] == ("failed", False, "superseded")
    desk.simulator.release(uuid)
    desk.look(uuid)
    first.refresh_from_db()
    assert (first.status, first.late) == ("partial", True)
    assert outside() == 0


def test_config_half_is_superseded_with_its_live_one(desk, settings):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    first = desk.ask(uuid, "remove", 3)
    settings.UNPLUG_PATIENCE = timedelta(0)
    sweep()
    desk.ask(uuid, "remove", 3, "live")
    first.refresh_from_db()
    assert (first.status, first.reason) == ("failed", "superseded")
    assert effects(first) == [
        (3, "live", "failed", False, "superseded"),
        (3, "config", "skipped", False, "superseded"),
    ]


def test_late_answer_leaves_the_configuration_to_a_newer_request(desk, settings):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    first = desk.ask(uuid, "remove", 3)
    settings.UNPLUG_PATIENCE = timedelta(0)
    sweep()
    second = desk.ask(uuid, "remove", 3, "config", work=False)
    desk.simulator.release(uuid)
    desk.look(uuid)
    first.refresh_from_db()
    assert (first.status, first.late) == ("succeeded", True)
    assert effects(first)[1] == (3, "config", "skipped", False, "superseded")
    assert desk.work(second).status == "succeeded"


def test_a_guest_that_stops_ends_the_question(desk):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", 3)
    desk.simulator.stop(uuid)
    desk.look(uuid)
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == ("failed", "run_ended")
    assert desk.simulator.truth(uuid)[Side.CONFIG].present == {0, 1, 2, 3}


def test_a_refusal_is_told_and_a_late_change_of_mind_still_counts(desk):
    desk.host.monitor = True
    desk.host.save(update_fields=["monitor"])
    uuid = desk.guest()
    desk.simulator.guest(uuid, "refuses")
    operation = desk.ask(uuid, "remove", 3)
    assert (operation.status, operation.reason) == ("failed", "guest_refused")
    desk.simulator.foreign_set(uuid, 3, False, Side.LIVE)
    desk.look(uuid)
    operation.refresh_from_db()
    assert operation.status == "queued"
    desk.bells.append(operation.domain_id)
    operation = desk.work(operation)
    assert (operation.status, operation.late) == ("succeeded", True)
    assert outside() == 0


def test_a_refusal_heard_later_ends_the_whole_unit(desk):
    uuid = desk.guest("power01", maximum=16, present="0-11", removable="8-11", unit_size=4)
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", "8-11")
    assert operation.status == "waiting"
    attribution.guest_refused(operation.domain_id, 8, "no")
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == ("failed", "guest_refused")
    live = {(8 + n, "live", "failed", False, "guest_refused") for n in range(4)}
    config = {(8 + n, "config", "skipped", False, "guest_refused") for n in range(4)}
    assert set(effects(operation)) == live | config


@pytest.fixture
def during(monkeypatch):
    """Have something done whenever a guest was asked, while its worker does not know yet what came of it."""
    ask = SimulatedGateway.set_slots

    def during(deed):
        def ask_and_do(self, uuid, ids, *, present, side):
            try:
                ask(self, uuid, ids, present=present, side=side)
            finally:
                if side is Side.LIVE:
                    deed()

        monkeypatch.setattr(SimulatedGateway, "set_slots", ask_and_do)

    return during


def hear(vcpu, *texts, **options):
    for text in texts or ("device busy",):
        attribution.guest_refused(Domain.objects.get().pk, vcpu, text, **options)


def libvirt(operation):
    """Give what the operation's last entry tells of its first effect, in the words of libvirt or of the guest."""
    entry = HistoryEntry.objects.filter(operation=operation.pk).order_by("seq").last()
    return json.loads(entry.body)["effects"][0]["libvirt"]


def test_a_refusal_heard_during_the_call_is_not_lost(desk, during):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    during(lambda: hear(3, "device busy", "the guest rejected the removal"))
    operation = desk.ask(uuid, "remove", 3)
    assert (operation.status, operation.reason) == ("failed", "guest_refused")
    assert effects(operation) == [
        (3, "live", "failed", False, "guest_refused"),
        (3, "config", "skipped", False, "guest_refused"),
    ]
    assert kinds(operation) == ["requested", "started", "failed"]
    assert libvirt(operation) == {"code": None, "text": "device busy"}
    desk.simulator.release(uuid)  # after all
    desk.look(uuid)
    desk.bells.append(operation.domain_id)
    operation = desk.work(operation)
    assert (operation.status, operation.late) == ("succeeded", True)
    assert outside() == 0


def test_a_refusal_heard_during_the_call_ends_the_whole_unit_and_no_other(desk, during):
    uuid = desk.guest("power01", maximum=16, present="0-11", removable="4-11", unit_size=4)
    desk.simulator.guest(uuid, "waits")
    during(lambda: hear(8))
    operation = desk.ask(uuid, "remove", "4-11", "live")
    assert operation.status == "waiting"
    waiting = {(4 + n, "live", "waiting", False, "") for n in range(4)}
    refused = {(8 + n, "live", "failed", False, "guest_refused") for n in range(4)}
    assert set(effects(operation)) == waiting | refused


def test_a_guest_that_let_go_after_a_refusal_has_let_go(desk, during):
    uuid = desk.guest()
    during(lambda: hear(3))
    operation = desk.ask(uuid, "remove", 3)
    assert (operation.status, operation.late, operation.reason) == ("succeeded", False, "")
    assert effects(operation) == [(3, "live", "done", False, ""), (3, "config", "done", False, "")]


def test_a_guest_that_is_asked_again_may_be_heard_to_refuse(desk, during):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", 3)
    assert "timed out" in libvirt(operation)["text"]
    control.ask_again(desk.actor, operation.pk)
    during(lambda: hear(3))
    operation = desk.work(operation)
    assert (operation.status, operation.reason, operation.attempt) == ("failed", "guest_refused", 2)
    assert libvirt(operation)["text"] == "device busy"


def test_a_refusal_is_no_answer_to_what_was_asked_later(desk, during):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    long_ago = timedelta(minutes=1)
    during(lambda: hear(3, ago=long_ago))
    operation = desk.ask(uuid, "remove", 3, work=False)
    hear(3)  # before it was asked for
    operation = desk.work(operation)
    assert (operation.status, operation.reason) == ("waiting", "")
    hear(3, ago=long_ago)
    operation.refresh_from_db()
    assert operation.status == "waiting"
    assert "timed out" in libvirt(operation)["text"]


def test_a_second_request_for_an_open_slot_fails_with_the_others_number(desk):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    first = desk.ask(uuid, "remove", 3)
    second = desk.ask(uuid, "remove", 3)
    assert (second.status, second.reason) == ("failed", "operation_open")
    assert f"operation {first.pk}" in second.message
    assert kinds(second) == ["requested", "failed"]
