"""Readings that the host does not give: some libvirt versions hold them back while a job runs."""

from __future__ import annotations

from datetime import timedelta

from domains.hypervisor.errors import UnknownOutcome
from domains.models import Effect, Operation, clock
from tests.simulator import SimulatedGateway

BUSY = UnknownOutcome("cannot acquire state change lock", code=68)


def hold_back(monkeypatch, readings):
    """Have the readings of these numbers, counted from 1, fail as libvirt 11.0 to 11.4 lets them."""
    read, count = SimulatedGateway.read_domain, iter(range(1, 100))

    def reading(self, uuid):
        if next(count) in readings:
            raise BUSY
        return read(self, uuid)

    monkeypatch.setattr(SimulatedGateway, "read_domain", reading)


def test_reading_held_back_before_the_call_is_a_busy_domain(desk, monkeypatch):
    uuid = desk.guest()
    hold_back(monkeypatch, {1})
    operation = desk.ask(uuid, "add", [5], "live")
    assert (operation.status, operation.reason) == ("failed", "domain_busy")
    assert desk.simulator.calls() == []


def test_reading_held_back_after_the_call_settles_nothing_before_it_is_taken(desk, monkeypatch):
    uuid = desk.guest()
    hold_back(monkeypatch, {2})
    operation = desk.ask(uuid, "add", [5], "live")
    assert (operation.status, operation.reason) == ("running", "")
    Operation.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    desk.bells.append(operation.domain_id)
    settled = desk.work(operation)
    assert (settled.status, settled.attempt) == ("succeeded", 2)
    assert len(desk.simulator.calls()) == 1
    assert Effect.objects.get().state == "done"


def test_two_clicks_on_first_available_add_one_slot(desk):
    uuid = desk.guest()
    first, second = (desk.ask(uuid, "add", "first", "both", expect=4, work=False) for _ in range(2))
    assert desk.work(first).status == "succeeded"
    second.refresh_from_db()
    assert (second.status, second.reason) == ("failed", "changed_meanwhile")
    assert [slots.present for slots in desk.simulator.truth(uuid).values()] == [frozenset(range(5))] * 2
