from __future__ import annotations

import pytest

from domains.models import Domain, Operation
from domains.operations import doorbell, execute
from domains.operations.actor import Actor
from domains.operations.request import request_change
from tests import replay
from tests.integration import simulated
from tests.simulator import SimulatedHost


class Desk:
    """A simulated host with its row, and the write path worked by hand: bells ring only when answered."""

    def __init__(self, simulator, bells):
        self.simulator = simulator
        self.host = simulated.host_row(simulator)
        self.bells = bells
        self.actor = Actor("os:root", "command")

    def guest(self, name="web01", **options):
        options = {"maximum": 8, "present": "0-3", "removable": "2-3"} | options
        uuid = self.simulator.add_domain(name, **options)
        self.look(uuid)
        return uuid

    def look(self, uuid):
        return simulated.look(self.host, uuid)

    def ask(self, uuid, action, vcpu, affect="both", *, work=True, actor=None, key="", **more):
        operation = request_change(
            actor=actor or self.actor,
            host=self.host.slug,
            domain_ref=uuid,
            asked={"action": action, "vcpu": vcpu, "affect": affect, **more},
            idempotency_key=key,
        )
        return self.work(operation) if work else operation

    def work(self, operation=None):
        """Answer the bells until none rings any more."""
        while self.bells:
            execute.work(self.bells.pop(0))
        return Operation.objects.get(pk=operation.pk) if operation else None


def make_desk(kind, folder, monkeypatch, settings):
    """Give a desk of that kind at a host of its own in ``folder``."""
    settings.GATEWAY = simulated.FACTORY
    settings.SOCKET_DIRS = [str(folder)]
    bells = []
    monkeypatch.setattr(doorbell, "ring", bells.extend)
    simulator = SimulatedHost(folder / "host")
    simulator.tune(unplug_timeout=0.05, lock_wait=0.05)
    return kind(simulator, bells)


@pytest.fixture
def desk(fresh_database, redis, tmp_path, monkeypatch, settings):
    return make_desk(Desk, tmp_path, monkeypatch, settings)


@pytest.fixture
def guest(desk):
    """A guest of eight slots, 0-3 present on both sides and 2-3 removable, of which everything is accounted for."""
    uuid = desk.guest()
    row = Domain.objects.select_related("host").get(uuid=uuid)
    first = replay.maps_of(row)
    yield uuid
    replay.check_chain()
    replay.check_explained(desk.look(uuid), first)
