"""A sweep that was held up between looking and writing: what others did meanwhile stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domains.models import Effect, Host, HostState, Operation, clock
from domains.operations import sweep as sweeping


@pytest.fixture
def held_up(monkeypatch):
    """Give a function: what it is given happens after the sweep has looked, and before it writes."""

    def happening(meanwhile):
        real = sweeping.next_revision
        monkeypatch.setattr(sweeping, "next_revision", lambda: (meanwhile(), real())[1])

    return happening


def test_guest_that_was_asked_anew_meanwhile_is_still_waited_for(desk, settings, held_up):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    operation = desk.ask(uuid, "remove", 3, "live")
    settings.UNPLUG_PATIENCE = timedelta(minutes=5)
    Effect.objects.update(applied_at=clock.now() - timedelta(minutes=6))
    held_up(lambda: Effect.objects.update(applied_at=clock.now()))
    sweeping.sweep()
    operation.refresh_from_db()
    assert operation.status == "waiting"


def test_operation_whose_host_came_back_meanwhile_is_not_given_up(desk, settings, held_up):
    uuid = desk.guest()
    Host.objects.update(state=HostState.UNREACHABLE)
    operation = desk.ask(uuid, "add", 5, "live", queue_if_unreachable=True)
    Operation.objects.update(created_at=clock.now() - timedelta(days=1))
    held_up(lambda: Host.objects.update(state=HostState.CONNECTED))
    sweeping.sweep()
    operation.refresh_from_db()
    assert operation.status == "queued"
