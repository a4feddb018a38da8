"""Where a vCPU ID sits in the guest's sockets, dies, clusters, cores and threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict


class TopologyJson(TypedDict):
    """The stored form of a topology."""

    sockets: int
    dies: int
    clusters: int
    cores: int
    threads: int


@dataclass(frozen=True, slots=True)
class Place:
    """One slot's position; ``core`` and ``thread`` count within their parent."""

    socket: int
    die: int
    cluster: int
    core: int
    thread: int


@dataclass(frozen=True, slots=True)
class Topology:
    """How many of each level the level above holds. libvirt numbers vCPUs threads first, sockets last."""

    sockets: int
    dies: int = 1
    clusters: int = 1
    cores: int = 1
    threads: int = 1

    @property
    def per_socket(self) -> int:
        """The number of slots in one socket."""
        return self.dies * self.clusters * self.cores * self.threads

    def place(self, vcpu: int) -> Place:
        """Find a slot's position, by the order in which libvirt sorts QEMU's hotpluggable CPUs."""
        rest, thread = divmod(vcpu, self.threads)
        rest, core = divmod(rest, self.cores)
        rest, cluster = divmod(rest, self.clusters)
        socket, die = divmod(rest, self.dies)
        return Place(socket, die, cluster, core, thread)

    @property
    def total(self) -> int:
        """The number of slots in the whole guest."""
        return self.sockets * self.per_socket

    def to_json(self) -> TopologyJson:
        """Give the stored form."""
        return {
            "sockets": self.sockets,
            "dies": self.dies,
            "clusters": self.clusters,
            "cores": self.cores,
            "threads": self.threads,
        }

    @classmethod
    def from_json(cls, value: TopologyJson) -> Topology:
        """Read what :meth:`to_json` gave."""
        return cls(**value)
