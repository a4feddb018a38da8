"""What Slotboard asks of a hypervisor, and the plain values in which the answers come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.topology import Topology

CAN_CHOOSE = "This host plugs its vCPUs by their IDs; a count would leave the choice to it."


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
    whether the agent is connected. ``unmarked`` are the slots of which libvirt does not say whether they are
    hotpluggable (live, or in the configuration of a domain that is shut off); a present one cannot be unplugged by
    its ID.
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
    unmarked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class DomainStatistics:
    """One domain's line of the bulk statistics: cheap signs that something about it changed.

    ``present`` holds the IDs of the live present vCPUs, or None where the driver does not tell them.
    ``vcpu_time`` and ``vcpu_waited`` are nanoseconds by vCPU ID, where they were asked for and are told: how long it
    ran, and how long it could have run and got no host CPU.
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
    vcpu_waited: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GuestReading:
    """What the guest's own kernel says of its CPUs, in the guest's own numbers, which are not slots.

    ``vcpus`` are those it has, ``online`` those it uses, ``offlinable`` those that it would switch off.
    """

    vcpus: frozenset[int]
    online: frozenset[int]
    offlinable: frozenset[int]


@dataclass(frozen=True, slots=True)
class HostReading:
    """What a host says of itself.

    Versions are libvirt's numbers: major * 1,000,000 + minor * 1,000 + release. ``specific`` is whether its
    driver plugs a vCPU by its ID; None where that was not asked, which takes a read-write connection and a
    domain. ``asynchronous`` is whether such a driver can ask for an unplug without waiting for the guest.
    """

    libvirt_version: int
    hypervisor: str
    hypervisor_version: int
    cpus: int
    specific: bool | None
    asynchronous: bool


class Gateway(Protocol):
    """One open connection to one host. Every method may raise a ``GatewayError``."""

    def read_host(self) -> HostReading:
        """Read versions and capabilities."""

    def read_domain(self, uuid: str) -> DomainReading:
        """Read one domain afresh. Raises ``DomainNotFound``."""

    def read_statistics(self, timed: Collection[str] = ()) -> list[DomainStatistics]:
        """Read the bulk statistics of all domains without waiting for busy ones.

        ``timed`` are the UUIDs of those of which the times of the vCPUs are wanted too.
        """

    def set_slots(self, uuid: str, ids: frozenset[int], *, present: bool, side: Side) -> None:
        """Ask the host to make exactly these slots present or absent on one side (live or config).

        Returning means that the host accepted the call, nothing more: the caller reads the domain again.
        Raises ``UnknownOutcome`` for a guest that has not let go in time, ``DomainBusy`` if another job held the
        domain and nothing was asked, ``ConnectionLost`` when the outcome of the call is not known, or another
        ``GatewayError``.
        """

    def set_count(self, uuid: str, count: int, *, side: Side) -> None:
        """Ask a host that cannot choose its vCPUs to have so many of them on one side.

        Which ones those are is the driver's affair: the caller reads the domain again. Raises as ``set_slots``,
        and ``ChangeRejected`` with ``invalid_request`` on a host that can choose.
        """

    def can_choose(self, uuid: str) -> bool:
        """Find out whether this host's driver plugs a vCPU by its ID, by asking for something impossible.

        Nothing changes. Needs a read-write connection. Raises ``DomainNotFound``.
        """

    def read_guest(self, uuid: str) -> GuestReading:
        """Ask the guest's own kernel, through its agent, which CPUs it has and uses.

        Needs a read-write connection. Raises ``AgentUnavailable`` or ``DomainNotFound``. An agent that hangs
        is waited for, for some seconds.
        """

    def set_online(self, uuid: str, cpus: frozenset[int], *, online: bool) -> None:
        """Have the guest's kernel use these of its CPUs, or use them no more. ``cpus`` are the guest's numbers.

        Raises ``AgentUnavailable``, or ``ChangeRejected`` where the guest says no: ``not_offlinable`` if it
        does not switch such a CPU off. Whatever comes back, the caller reads the guest again.
        """

    def close(self) -> None:
        """Give the connection up. Closing twice is harmless."""
