"""Guests that have not let go yet: waiting, late answers, refusals, and newer requests for the same slot."""

from __future__ import annotations

import json
from datetime import timedelta

from domains.inventory import attribution
from domains.models import HistoryEntry
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from tests.integration.operations.outcomes import effects, kinds, outside


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


def test_a_second_request_for_an_open_slot_fails_with_the_others_number(desk):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    first = desk.ask(uuid, "remove", 3)
    second = desk.ask(uuid, "remove", 3)
    assert (second.status, second.reason) == ("failed", "operation_open")
    assert f"operation {first.pk}" in second.message
    assert kinds(second) == ["requested", "failed"]
