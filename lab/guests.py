"""The guests of the lab. Their sizes are part of the outside interface: checks count on them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from lab.errors import LabError
from lab.images import Architecture

Machine = Literal["q35", "microvm", "pseries"]


class Rest(StrEnum):
    """The state in which `up` leaves a guest, in virsh's words."""

    RUNNING = "running"
    PAUSED = "paused"
    SHUT_OFF = "shut off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One guest: `slots` vCPU IDs of which the first `present` are plugged at boot."""

    name: str
    purpose: str
    slots: int
    present: int
    sockets: int
    cores: int
    threads: int
    rest: Rest = Rest.RUNNING
    persistent: bool = True
    machine: Machine = "q35"
    memory_mib: int = 256
    agent: bool = True
    refuses_removal: bool = False
    # Listed slot by slot, with only slot 0 fixed, so that the slots present at boot are removable as well.
    removable_at_boot: bool = False
    numa_cells: tuple[str, ...] = ()
    # vCPU IDs pinned to the machine's first CPU and to its last one.
    pinned_first: tuple[int, ...] = field(default=())
    pinned_last: tuple[int, ...] = field(default=())

    @property
    def uuid(self) -> str:
        """The same in every instance, so that scripts may rely on it."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"slotboard-lab:{self.name}"))

    @property
    def architecture(self) -> Architecture:
        """The guest's own architecture, whatever the machine's is."""
        return "ppc64le" if self.machine == "pseries" else "x86_64"


GUESTS = (
    Guest(
        name="web01",
        purpose="the everyday case: two sockets, two NUMA cells, some pinning, guest agent",
        slots=32,
        present=4,
        sockets=2,
        cores=8,
        threads=2,
        numa_cells=("0-15", "16-31"),
        pinned_first=(0, 5),
        pinned_last=(1,),
    ),
    Guest(
        name="db01",
        purpose="many slots, and removable ones among those present at boot",
        slots=128,
        present=4,
        sockets=2,
        cores=32,
        threads=2,
        removable_at_boot=True,
    ),
    Guest(
        name="stubborn01",
        purpose="its guest refuses to give up a CPU",
        slots=16,
        present=2,
        sockets=1,
        cores=8,
        threads=2,
        refuses_removal=True,
    ),
    Guest(
        name="idle01",
        purpose="paused: a removal waits and completes by itself after a resume",
        slots=16,
        present=2,
        sockets=1,
        cores=8,
        threads=2,
        rest=Rest.PAUSED,
    ),
    Guest(
        name="quiet01",
        purpose="no guest agent",
        slots=8,
        present=2,
        sockets=1,
        cores=4,
        threads=2,
        agent=False,
    ),
    Guest(
        name="batch01",
        purpose="shut off: the configured side only",
        slots=8,
        present=2,
        sockets=1,
        cores=4,
        threads=2,
        rest=Rest.SHUT_OFF,
    ),
    Guest(
        name="fleeting01",
        purpose="transient: the live side only",
        slots=8,
        present=2,
        sockets=1,
        cores=4,
        threads=2,
        persistent=False,
    ),
    Guest(
        name="power01",
        purpose="pSeries: whole cores of four threads are the unit",
        slots=32,
        present=8,
        sockets=1,
        cores=8,
        threads=4,
        machine="pseries",
        memory_mib=1024,
        agent=False,
    ),
    Guest(
        name="old01",
        purpose="a machine without any CPU hotplug",
        slots=2,
        present=1,
        sockets=1,
        cores=2,
        threads=1,
        machine="microvm",
        agent=False,
    ),
    Guest(
        name="big01",
        purpose="shut off, as many slots as libvirt allows",
        slots=4096,
        present=8,
        sockets=8,
        cores=256,
        threads=2,
        rest=Rest.SHUT_OFF,
    ),
)
BY_NAME = {guest.name: guest for guest in GUESTS}


def named(names: tuple[str, ...]) -> tuple[Guest, ...]:
    """Return the guests of these names in the table's order, all of them for none; raise LabError if unknown."""
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise LabError(f"No guest is called {', '.join(unknown)}; there are {', '.join(BY_NAME)}.")
    return tuple(guest for guest in GUESTS if not names or guest.name in names)
