"""The places in which a case can be played: the simulated host, the newest one and the old one, all with the lab's guests.

On top of what the contract's worlds can do, a place keeps its guests fresh, puts them into a case's situation, and says
what virsh shows of them.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from domains.vcpu import cpulist
from domains.vcpu.slots import Side
from lab.guests import BY_NAME, Rest
from tests.contract.conftest import LabWorld, SimulatedWorld
from tests.lab.consoles import cpus_online
from tests.lab.fresh import FreshGuests
from tests.waiting import LONG, wait_until

Shown = dict[Side, frozenset[int] | None]


class SimulatedPlace(SimulatedWorld):
    """The simulated host, new for each test."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.socket = str(self.host.path)
        self.host.tune(lock_wait=0.05)
        self.host.add_domain("db01", maximum=128, present="0-3", removable="1-3")
        self.host.add_domain("quiet01", agent=None)

    def ready(self, name: str) -> str:
        return name

    def spoil(self, name: str) -> None:
        """Nobody comes after: this host is the test's own."""

    def give(self, name: str, slots: frozenset[int]) -> None:
        """Have somebody else plug slots, which the guest uses at once."""
        for vcpu in sorted(slots):
            self.foreign_set(name, vcpu, present=True, side=Side.LIVE)

    def shown(self, name: str) -> Shown:
        """Say which slots are present on each side, from behind the gateway; None for a side that is not there."""
        truth = self.host.truth(self.uuid(name))
        return {side: None if slots is None else slots.present for side, slots in truth.items()}

    @contextmanager
    def busy(self, name: str) -> Iterator[None]:
        """Have another job hold the domain for longer than the host waits."""
        self.host.busy(self.uuid(name), 60)
        yield


class LabPlace(LabWorld):
    """A host of the lab, kept for the whole module. The guest is a fresh one after a case that changed it."""

    def __init__(self, guests: FreshGuests) -> None:
        super().__init__(guests.lab)
        self.guests = guests
        self.socket = guests.lab.uri.partition("socket=")[2]
        self._fresh: dict[str, Shown] = {}

    def ready(self, name: str) -> str:
        """Return the name when the guest is as it was defined, booted, and ready for a change."""
        known = self._fresh.pop(name, None)
        if known is None or self.lab.guests().get(name) != BY_NAME[name].rest or self.shown(name) != known:
            self.guests.bring(name)
        self._fresh[name] = self.shown(name)
        return name

    def spoil(self, name: str) -> None:
        """Have a fresh guest at its next use, whatever this one looks like."""
        self._fresh.pop(name, None)

    def give(self, name: str, slots: frozenset[int]) -> None:
        """Have virsh plug slots, a unit at a time, and wait until the guest uses them."""
        paused = BY_NAME[name].rest is Rest.PAUSED
        if paused:
            self.resume(name)
        self.lab.virsh("setvcpu", name, cpulist.dump(slots), "--enable", "--live")
        self.wait_until_used(name)
        if paused:
            self.pause(name)
        self.spoil(name)

    def online(self, name: str) -> int | None:
        """Say how many CPUs the guest itself said it uses; None before its first word."""
        return cpus_online(self.lab, name)

    def shown(self, name: str) -> Shown:
        """Say what ``virsh dumpxml`` lists, which has to agree with ``virsh vcpucount``."""
        persistent = BY_NAME[name].persistent
        # One virsh for all of it: to start one costs more than what it is asked.
        asked = ["vcpucount", "domstate", "dumpxml", *(["dumpxml --inactive"] if persistent else [])]
        told = self.lab.virsh("; ".join(f"{command} {name}" for command in asked))
        summary, live, *config = re.split(r"(?=<domain )", told)
        listed: Shown = {
            Side.LIVE: None if "shut off" in summary else present_slots(live),
            Side.CONFIG: present_slots(config[0]) if persistent else None,
        }
        counts = [line.split() for line in summary.splitlines() if line.startswith("current")]
        count = {(words[0], words[1]): int(words[2]) for words in counts}
        for side, slots in listed.items():
            assert count.get(("current", side.value)) == (None if slots is None else len(slots))
        return listed

    @contextmanager
    def busy(self, name: str) -> Iterator[None]:
        """Freeze the guest's QEMU while a virsh waits for it, which holds the domain for as long."""
        emulator = self.lab.process_of(name)
        question = self.lab.virsh_command("qemu-monitor-command", name, '{"execute": "query-status"}')
        os.kill(emulator, signal.SIGSTOP)
        try:
            with subprocess.Popen(question, stdout=subprocess.DEVNULL) as holder:
                try:
                    wait_until(
                        lambda: self.lab.virsh("domcontrol", name).startswith("occupied"),
                        what="the job that holds the domain",
                    )
                    yield
                finally:
                    os.kill(emulator, signal.SIGCONT)
                assert holder.wait(LONG) == 0
        finally:
            os.kill(emulator, signal.SIGCONT)

    def unstarted(self, name: str) -> None:
        """Stop the guest before the first instruction of its firmware."""
        self.lab.virsh("destroy", name)
        self.lab.virsh("start", name, "--paused")
        self.spoil(name)

    @contextmanager
    def unwritable(self, name: str) -> Iterator[None]:
        """Put a folder where the daemon would write a changed definition first."""
        obstacle = self.lab.folders.etc / "qemu" / f"{name}.xml.new"
        obstacle.mkdir()
        try:
            yield
        finally:
            obstacle.rmdir()
            self.spoil(name)


Place = SimulatedPlace | LabPlace


def present_slots(xml: str) -> frozenset[int]:
    """Read the present slots from a definition; one without a list has its first slots present."""
    domain = ElementTree.fromstring(xml)  # noqa: S314  # our own lab's answer
    slots = domain.findall("vcpus/vcpu")
    if slots:
        return frozenset(int(slot.get("id", "")) for slot in slots if slot.get("enabled") == "yes")
    total = domain.find("vcpu")
    assert total is not None
    return frozenset(range(int(total.get("current") or total.text or "")))
