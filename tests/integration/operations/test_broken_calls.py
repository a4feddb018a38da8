"""Calls whose connection broke off, and what is seen once all that they may still have done is done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domains.inventory import attribution
from domains.models import Effect, HistoryEntry, Host, Operation


def effects(operation):
    return [(e.vcpu, e.side, e.state, e.late, e.reason) for e in operation.effects.all()]


def settle_dead(desk, operation):
    """Have a worker take up a broken-off call when all that it may still have done is done."""
    long_ago = operation.created_at - timedelta(minutes=2)
    Effect.objects.update(applied_at=long_ago)
    Host.objects.update(state_since=long_ago)
    Operation.objects.update(lease_until=long_ago)
    desk.bells.append(operation.domain_id)
    return desk.work(operation)


def test_nobody_waits_for_a_slot_that_does_not_exist(desk):
    uuid = desk.guest()
    desk.simulator.lose_connection(uuid, executed=True)
    operation = settle_dead(desk, desk.ask(uuid, "remove", 9, "live", ask_anyway=True))
    assert (operation.status, operation.reason) == ("failed", "out_of_range")


def test_nothing_is_said_to_be_seen_of_a_domain_that_vanished_during_a_call(desk):
    uuid = desk.guest()
    desk.simulator.lose_connection(uuid, executed=False)
    operation = desk.ask(uuid, "add", 3, "config", ask_anyway=True)  # it is there already
    assert operation.status == "running"
    desk.simulator.vanish(uuid)
    operation = settle_dead(desk, operation)
    assert effects(operation) == [(3, "config", "failed", False, "interrupted")]
    assert operation.after == {"live": None, "config": None}


@pytest.mark.parametrize("executed", [False, True])
def test_a_refusal_heard_after_a_call_broke_off_counts_unless_the_guest_let_go(desk, executed):
    uuid = desk.guest()
    desk.simulator.lose_connection(uuid, executed=executed)
    operation = desk.ask(uuid, "remove", 3, "live")
    assert operation.status == "running"
    attribution.guest_refused(operation.domain_id, 3, "device busy")
    operation = settle_dead(desk, operation)
    assert HistoryEntry.objects.filter(operation=operation.pk).order_by("seq").last().kind == "settled"
    if executed:
        assert effects(operation) == [(3, "live", "done", True, "")]
    else:
        assert effects(operation) == [(3, "live", "failed", False, "guest_refused")]
        assert operation.message.endswith("It said: device busy")
