"""The write path worked by hand against any place: the rows, the requests and the looks, without any other process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from domains.inventory.store import apply_reading, revision_of
from domains.models import Domain, Host, HostState, Operation
from domains.operations import doorbell, gateways
from domains.operations.actor import Actor
from domains.operations.representation import operation_json
from tests.integration import simulated
from tests.integration.operations.conftest import Desk
from tests.lab.places import LabPlace, Place, SimulatedPlace

REAL = "domains.hypervisor.libvirt_gateway.open_gateway"


class PlaceDesk(Desk):
    """A host's row and the write path before it; what is asked anyway leaves the rules out."""

    def __init__(self, place: Place, bells: list[int]) -> None:
        self.place = place
        self.bells = bells
        self.actor = Actor("os:root", "command")
        self.host = Host.objects.create(
            slug="place", socket=place.socket, state=HostState.CONNECTED, state_since=datetime.now(UTC)
        )

    def listen_to_the_monitor(self, on: bool) -> None:
        Host.objects.filter(pk=self.host.pk).update(monitor=on)

    def look(self, name: str) -> Domain:
        """Bring the inventory up to date with one domain, as the watcher does."""
        uuid = self.place.uuid(name)
        revision = revision_of(self.host.pk, uuid)
        seen = apply_reading(self.host.pk, self.place.gateway.read_domain(uuid), read_revision=revision)
        return Domain.objects.select_related("host").get(pk=seen.domain_id)

    def look_and_work(self, name: str) -> None:
        """Look, and then do what the look made possible, as the sweep's bell would have it done."""
        self.bells.append(self.look(name).pk)
        self.work()

    def operation(self, operation: Operation) -> dict[str, Any]:
        """Give what has come of an operation by now, as the outside interface tells it."""
        return operation_json(Operation.objects.get(pk=operation.pk))


@contextmanager
def desk_at(place: Place, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaceDesk]:
    """Work the write path at a place, with the place's own gateway, in a database of the test's own."""
    settings.GATEWAY = simulated.FACTORY if isinstance(place, SimulatedPlace) else REAL
    if isinstance(place, SimulatedPlace):
        settings.SOCKET_DIRS = [str(place.host.path.parent)]
    gateways._connections.cache_clear()
    bells: list[int] = []
    monkeypatch.setattr(doorbell, "ring", bells.extend)
    try:
        yield PlaceDesk(place, bells)
    finally:
        if isinstance(place, LabPlace):
            gateways._connections(settings.GATEWAY).close()
        gateways._connections.cache_clear()
