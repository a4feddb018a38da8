"""A reading as the fields of its domain's row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domains.hypervisor.gateway import DomainReading
from domains.models import Domain
from domains.models.domain import ACTIVE_STATES
from domains.vcpu import cpulist

FIELDS = [
    "name",
    "state",
    "persistent",
    "gone_at",
    "libvirt_id",
    "live",
    "config",
    "topology",
    "numa",
    "pinning",
    "unit_size",
    "hotplug",
    "machine",
    "agent",
    "unmarked",
]
WATCHED = timedelta(seconds=10)  # on the line for so long, a host has been read since, and no start is missed


def run_of(known: Domain, reading: DomainReading) -> int:
    """Number the guest's life: the same one only while continuity can be shown."""
    if reading.state not in ACTIVE_STATES:
        return known.run
    goes_on = (
        known.running
        and reading.libvirt_id == known.libvirt_id
        and (known.cpu_time is None or reading.cpu_time is None or reading.cpu_time >= known.cpu_time)
    )
    return known.run if goes_on else known.run + 1


def beginning(known: Domain, reading: DomainReading) -> dict[str, object]:
    """Give the row's fields that begin anew with a run. Reads the domain's host."""
    host, now = known.host, datetime.now(UTC)
    seen = reading.live is not None and host.reachable and now - host.state_since > WATCHED
    return {
        "run_since": now if seen else None,
        "booted": cpulist.dump(reading.live.present) if seen and reading.live else "",
        "guest": None,
        "guest_at": None,
    }


def fields_of(reading: DomainReading) -> dict[str, object]:
    """Give the row's fields that a reading fills, but for its time and its run."""
    return {
        "name": reading.name,
        "state": str(reading.state),
        "persistent": reading.persistent,
        "gone_at": None,
        "libvirt_id": reading.libvirt_id,
        "live": reading.live.to_json() if reading.live else None,
        "config": reading.config.to_json() if reading.config else None,
        "live_count": len(reading.live.present) if reading.live else 0,
        "config_count": len(reading.config.present) if reading.config else 0,
        "topology": reading.topology.to_json(),
        "numa": {str(cell): cpulist.dump(ids) for cell, ids in reading.numa.items()},
        "pinning": {str(vcpu): cpus for vcpu, cpus in reading.pinning.items()},
        "unit_size": reading.unit_size,
        "hotplug": reading.hotplug,
        "machine": reading.machine,
        "agent": reading.agent,
        "unmarked": cpulist.dump(reading.unmarked),
    }
