"""A simulated host behind the tests' web server, whose worker is the test itself: nothing happens before it says so."""

from __future__ import annotations

from dataclasses import dataclass

from domains.models import Domain, Host, Operation, Status
from domains.operations import execute
from domains.vcpu.slots import Side
from tests.integration import simulated
from tests.simulator import SimulatedHost


@dataclass
class Worked:
    """The host with its guests. ``work`` does what was asked of a guest."""

    simulator: SimulatedHost
    host: Host

    def guest(self, name: str = "web01", **options: object) -> Domain:
        """Start a guest of eight slots, 0-3 present and 2-3 removable, and read it."""
        options = {"maximum": 8, "present": "0-3", "removable": "2-3"} | options
        return self.look(self.simulator.add_domain(name, **options))

    def look(self, uuid: object) -> Domain:
        """Read a guest again, as the watcher does."""
        return simulated.look(self.host, str(uuid))

    def work(self, domain: Domain) -> Operation:
        """Take up what is queued for a guest until a worker could do no more, and give the newest operation."""
        mine = Operation.objects.filter(domain=domain)
        while mine.filter(status__in=(Status.QUEUED, Status.RUNNING)).exists():
            execute.work(domain.pk)
        return mine.latest("pk")

    def present(self, domain: Domain) -> dict[Side, list[int]]:
        """Ask the host itself."""
        truth = self.simulator.truth(str(domain.uuid))
        return {side: sorted(slots.present) for side, slots in truth.items() if slots}
