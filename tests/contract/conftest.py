"""The two worlds in which every case of the contract is run: simulated, and the lab's real guests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from domains.hypervisor import libvirt_gateway
from domains.hypervisor.gateway import Gateway
from domains.vcpu.slots import Side
from domains.vcpu.topology import Topology
from lab.instance import Instance
from tests import simulator
from tests.lab.consoles import wait_until_used
from tests.lab.fresh import FreshGuests
from tests.simulator import SimulatedHost

GUESTS = ("web01", "batch01", "fleeting01", "idle01", "stubborn01", "power01", "old01", "db01")
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def contract_lab(fresh_guests: FreshGuests) -> Iterator[Instance]:
    """Give the session's lab, with guests that no other module has used."""
    fresh_guests.bring(*GUESTS)
    yield fresh_guests.lab
    fresh_guests.end()


class World:
    """Where the guests live, and what can be done to them from outside."""

    def __init__(self, uri: str, opener) -> None:
        self.uri = uri
        self._opener = partial(opener, uri)
        self._gateways: list[Gateway] = []
        self.gateway = self.open()

    def open(self, *, readonly: bool = False, monitor: bool = False) -> Gateway:
        gateway = self._opener(readonly=readonly, monitor=monitor)
        self._gateways.append(gateway)
        return gateway

    def uuid(self, name: str) -> str:
        if name == "unknown":
            return UNKNOWN
        return next(row.uuid for row in self.gateway.read_statistics() if row.name == name)

    def close(self) -> None:
        for gateway in self._gateways:
            gateway.close()


class SimulatedWorld(World):
    def __init__(self, path) -> None:
        self.host = SimulatedHost(path / "host.sqlite3")
        self.host.tune(unplug_timeout=0.4)
        add = self.host.add_domain
        add("web01", maximum=32, present="0-3", topology=Topology(2, cores=8, threads=2))
        add("batch01", running=False)
        add("fleeting01", persistent=False)
        add("idle01", maximum=16, paused=True)
        self.host.guest(add("stubborn01", maximum=16), "refuses")
        add("db01", maximum=128, present="0-3", removable="1-3")
        power = Topology(1, cores=8, threads=4)
        add(
            "power01",
            maximum=32,
            present="0-7",
            topology=power,
            unit_size=4,
            machine="pseries-11.1",
            agent=None,
        )
        add("old01", maximum=2, present="0", machine="microvm", hotplug=False, agent=None)
        super().__init__(self.host.uri, simulator.open_gateway)

    def pause(self, name: str) -> None:
        self.host.pause(self.uuid(name))

    def resume(self, name: str) -> None:
        self.host.resume(self.uuid(name))

    def wait_until_used(self, name: str) -> None:
        """A simulated guest uses what it has at once."""

    def start_anew(self, name: str) -> None:
        """Have the guest just started: its firmware still runs."""
        self.host.stop(self.uuid(name))
        self.host.start(self.uuid(name))
        self.host.guest(self.uuid(name), "firmware")

    def foreign_set(self, name: str, vcpu: int, *, present: bool, side: Side) -> None:
        self.host.foreign_set(self.uuid(name), vcpu, present, side)


class LabWorld(World):
    def __init__(self, lab: Instance) -> None:
        self.lab = lab
        super().__init__(lab.uri, libvirt_gateway.open_gateway)

    def pause(self, name: str) -> None:
        self.lab.virsh("suspend", name)

    def resume(self, name: str) -> None:
        self.lab.virsh("resume", name)

    def wait_until_used(self, name: str) -> None:
        """Wait until the guest has brought up every vCPU that it was given."""
        wait_until_used(self.lab, name)

    def start_anew(self, name: str) -> None:
        """Start the guest: its firmware runs for longer than a call takes."""
        self.lab.virsh("destroy", name)
        self.lab.virsh("start", name)

    def foreign_set(self, name: str, vcpu: int, *, present: bool, side: Side) -> None:
        state = "--enable" if present else "--disable"
        self.lab.virsh("setvcpu", name, str(vcpu), state, f"--{side.value}")


@pytest.fixture(params=["simulated", "lab"])
def world(request, tmp_path) -> Iterator[World]:
    if request.param == "simulated":
        made = SimulatedWorld(tmp_path)
    else:
        made = LabWorld(request.getfixturevalue("contract_lab"))
    yield made
    made.close()
