"""What Slotboard asks of a hypervisor, and the plain values in which the answers come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.topology import Topology


class DomainState(StrEnum):
    """libvirt's domain states, in virsh's words."""

    NO_STATE = "no state"
    RUNNING = "running"
    BLOCKED = "idle"
    PAUSED = "paused"
    SHUTDOWN = "in shutdown"
    SHUTOFF = "shut off"
    CRASHED = "crashed"
    SUSPENDED = "pmsuspended"


@dataclass(frozen=True, slots=True)
class DomainReading:
    """One domain as the hypervisor showed it at one moment.

    ``live`` is None while the domain is not active, ``config`` is None for a transient domain.
    ``libvirt_id`` and ``cpu_time`` (nanoseconds since the guest's start, all vCPUs) identify the run; both
    are None while the domain is not active. ``numa`` maps a cell to its vCPU IDs, ``pinning`` a vCPU ID to a
    cpulist of host CPUs. ``unit_size`` is how many slots the machine plugs together. ``hotplug`` is False
    where the machine plugs no vCPU at all. ``agent`` is None where no agent channel is configured, else
    whether the agent is connected.
    """

    uuid: str
    name: str
    state: DomainState
    persistent: bool
    live: SlotMap | None
    config: SlotMap | None
    topology: Topology
    libvirt_id: int | None = None
    cpu_time: int | None = None
    numa: dict[int, frozenset[int]] = field(default_factory=dict)
    pinning: dict[int, str] = field(default_factory=dict)
    unit_size: int = 1
    hotplug: bool = True
    agent: bool | None = None
    machine: str = ""


@dataclass(frozen=True, slots=True)
class DomainStatistics:
    """One domain's line of the bulk statistics: cheap signs that something about it changed.

    ``present`` holds the IDs of the live present vCPUs, or None where the driver does not tell them.
    ``vcpu_time`` is nanoseconds by vCPU ID.
    """

    uuid: str
    name: str
    state: DomainState
    current: int | None
    maximum: int | None
    present: frozenset[int] | None
    libvirt_id: int | None
    cpu_time: int | None
    vcpu_time: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostReading:
    """What a host says of itself.

    Versions are libvirt's numbers: major * 1,000,000 + minor * 1,000 + release.
    """

    libvirt_version: int
    hypervisor: str
    hypervisor_version: int
    cpus: int
    specific: bool  # plugs a vCPU by its ID
    asynchronous: bool  # can ask for an unplug without waiting for the guest


class Gateway(Protocol):
    """One open connection to one host. Every method may raise a ``GatewayError``."""

    def read_host(self) -> HostReading:
        """Read versions and capabilities."""

    def read_domain(self, uuid: str) -> DomainReading:
        """Read one domain afresh. Raises ``DomainNotFound``."""

    def read_statistics(self) -> list[DomainStatistics]:
        """Read the bulk statistics of all domains without waiting for busy ones."""

    def set_slots(self, uuid: str, ids: frozenset[int], *, present: bool, side: Side) -> None:
        """Ask the host to make exactly these slots present or absent on one side (live or config).

        Returning means that the host accepted the call, nothing more: the caller reads the domain again.
        Raises ``UnknownOutcome`` for libvirt's code 68 (a guest that has not let go, or a busy domain),
        ``ConnectionLost`` when the outcome of the call is not known, or another ``GatewayError``.
        """

    def close(self) -> None:
        """Give the connection up. Closing twice is harmless."""
