"""Simulated hosts as Slotboard addresses them: the socket that a host's address names is the simulator's file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from domains.hypervisor.errors import DomainNotFound
from domains.inventory.store import apply_reading, revision_of
from domains.models import Domain, Host, HostState
from tests.simulator import SimulatedGateway, SimulatedHost
from tests.simulator import open_gateway as open_simulated

FACTORY = f"{__name__}.open_gateway"


def open_gateway(uri: str, *, readonly: bool, monitor: bool = False) -> SimulatedGateway:
    """Open the host in the file that the address gives as its socket."""
    (path,) = parse_qs(urlsplit(uri).query)["socket"]
    return open_simulated(SimulatedHost(Path(path)).uri, readonly=readonly, monitor=monitor)


def host_row(simulated: SimulatedHost, slug: str = "sim") -> Host:
    """Make the row of a simulated host that the watcher has on the line."""
    return Host.objects.create(
        slug=slug, socket=str(simulated.path), state=HostState.CONNECTED, state_since=datetime.now(UTC)
    )


def look(host: Host, uuid: str) -> Domain:
    """Bring the inventory up to date with one domain, as the watcher does."""
    gateway = open_gateway(host.uri(), readonly=True)
    revision = revision_of(host.pk, uuid)
    try:
        reading = gateway.read_domain(uuid)
    except DomainNotFound:
        raise AssertionError(f"the simulator has no domain {uuid}") from None
    seen = apply_reading(host.pk, reading, read_revision=revision)
    return Domain.objects.select_related("host").get(pk=seen.domain_id)
