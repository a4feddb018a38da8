"""Whose doing a removal is that comes late, or after other requests about the same slot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domains.models import HistoryEntry
from domains.operations import control
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side


def outside():
    return HistoryEntry.objects.filter(kind="outside").count()


@pytest.mark.parametrize("affect", ["live", "both"])
def test_slot_that_goes_before_the_guest_is_asked_again_ends_the_asking(desk, affect):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", 3, affect)
    asked = control.ask_again(desk.actor, operation.pk)
    assert (asked.status, asked.asking) == ("queued", True)
    desk.simulator.release(uuid)
    desk.look(uuid)
    operation = desk.work(operation)
    assert (operation.status, operation.late) == ("succeeded", True)
    assert (operation.asking, operation.attempt) == (False, 1)
    live = [call for call in desk.simulator.calls() if call.side is Side.LIVE]
    assert len(live) == 1
    assert outside() == 0


def test_superseded_removal_lands_late_if_the_newer_request_came_to_nothing(desk, settings):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    removal = desk.ask(uuid, "remove", 3, "live")
    settings.UNPLUG_PATIENCE = timedelta(0)
    sweep()
    newer = desk.ask(uuid, "add", 3, "live")
    removal.refresh_from_db()
    assert (newer.reason, removal.reason) == ("already_present", "superseded")
    desk.simulator.release(uuid)
    desk.look(uuid)
    removal.refresh_from_db()
    assert (removal.status, removal.late) == ("succeeded", True)
    assert outside() == 0


def test_refusal_claims_nothing_after_a_newer_request_was_carried_out(desk):
    desk.host.monitor = True
    desk.host.save(update_fields=["monitor"])
    uuid = desk.guest()
    desk.simulator.guest(uuid, "refuses")
    refused = desk.ask(uuid, "remove", 3, "live")
    assert refused.reason == "guest_refused"
    desk.simulator.guest(uuid, "cooperates")
    assert desk.ask(uuid, "remove", 3, "live").status == "succeeded"
    assert desk.ask(uuid, "add", 3, "live").status == "succeeded"
    desk.simulator.foreign_set(uuid, 3, False, Side.LIVE)
    desk.look(uuid)
    refused.refresh_from_db()
    assert (refused.status, refused.late) == ("failed", False)
    assert outside() == 1


def test_waiting_config_half_claims_nothing(desk):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", 3)
    desk.simulator.foreign_set(uuid, 3, False, Side.CONFIG)
    desk.look(uuid)
    operation.refresh_from_db()
    assert operation.status == "waiting"
    assert outside() == 1


def test_start_of_a_guest_is_nobodys_operation(desk):
    uuid = desk.guest(running=False)
    assert desk.ask(uuid, "add", 5, "config").status == "succeeded"
    desk.simulator.start(uuid)
    desk.look(uuid)
    assert '"began":"running"' in HistoryEntry.objects.get(kind="outside").body
