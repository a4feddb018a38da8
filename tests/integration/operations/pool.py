"""Workers as an operator runs them, with a pool of real processes, and simulated hosts that freeze."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection

from dashboard.supervise import programs
from domains.models import Domain, Effect, EffectState, Host, HostState, Lease, Operation
from domains.operations import places
from domains.operations.actor import Actor
from domains.operations.request import request_change
from domains.operations.workers import served
from tests.integration import simulated
from tests.simulator import SimulatedHost
from tests.waiting import LONG, wait_until

ROOT = Path(__file__).resolve().parents[3]
EVER = [3600.0, 3600.0]
PROCESSES = 4


@contextmanager
def worker(folder: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker with four processes, and wait until it takes messages."""
    (program,) = (one for one in programs(port=1, lab=False) if one.name == "worker")
    given = {
        "DJANGO_SETTINGS_MODULE": "tests.integration.operations.settings",
        "SLOTBOARD_SOCKET_DIRS": str(folder),
        "SLOTBOARD_WORKER_PROCESSES": str(PROCESSES),
    }
    all_of_it = os.environ | dict(program.environment) | given | environment
    process = subprocess.Popen([*program.command], cwd=ROOT, env=all_of_it, start_new_session=True)
    try:
        wait_until(served, what="a worker")
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Fleet:
    """Simulated hosts with their rows; what a watcher would write of them is written by the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.simulators: dict[str, SimulatedHost] = {}

    def host(self, slug: str, guests: int = 3, *, queue: str = "default") -> Host:
        """Make a host that was just seen, with that many guests of two vCPUs."""
        simulator = self.simulators[slug] = SimulatedHost(self.folder / slug)
        host = simulated.host_row(simulator, slug)
        Host.objects.filter(pk=host.pk).update(queue=queue, last_seen=datetime.now(UTC), specific=True)
        for number in range(guests):
            simulated.look(host, simulator.add_domain(f"{slug}-{number}"))
        return host

    def freeze(self, *slugs: str, reads: bool = False) -> None:
        """Have these hosts take calls and never answer: changes, or the reading before them."""
        for slug in slugs:
            self.simulators[slug].tune(**{"read_delay" if reads else "write_delay": EVER})

    def thaw(self, *slugs: str) -> None:
        for slug in slugs:
            self.simulators[slug].tune(read_delay=[0.0, 0.0], write_delay=[0.0, 0.0])

    def ask(self, slug: str, *, vcpu: int = 5, **more: object) -> list[int]:
        """Ask for a vCPU more of each guest of a host, and give the operations' numbers."""
        asked = {"action": "add", "vcpu": vcpu, "affect": "live", **more}
        guests = Domain.objects.filter(host__slug=slug).order_by("name").values_list("name", flat=True)
        actor = Actor("os:root", "command")
        return [
            request_change(actor=actor, host=slug, domain_ref=name, asked=asked).pk for name in list(guests)
        ]

    @contextmanager
    def watched(self, *slugs: str) -> Iterator[None]:
        """Have these hosts be seen all the time, as a watcher writes it every two seconds."""
        over = threading.Event()

        def seen() -> None:
            Host.objects.filter(slug__in=slugs).update(last_seen=datetime.now(UTC))

        def watch() -> None:
            while not over.wait(0.5):
                seen()
            connection.close()

        seen()  # a worker may have taken long to start
        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def silent(self, *slugs: str) -> None:
        """Have these hosts not be seen for a while."""
        Host.objects.filter(slug__in=slugs).update(last_seen=datetime.now(UTC) - timedelta(hours=1))

    def unreachable(self, *slugs: str) -> None:
        """Have these hosts be shown as not answering."""
        Host.objects.filter(slug__in=slugs).update(
            state=HostState.UNREACHABLE, state_since=datetime.now(UTC), last_error="It does not answer."
        )


def statuses(numbers: list[int]) -> list[str]:
    return list(Operation.objects.filter(pk__in=numbers).order_by("pk").values_list("status", flat=True))


def wait_for(numbers: list[int], *expected: str, timeout: float = LONG) -> None:
    """Wait until all of these operations have one of these statuses."""
    wait_until(lambda: set(statuses(numbers)) <= set(expected), timeout, f"{expected} of {numbers}")


def in_hand(least: timedelta = timedelta(0)) -> int:
    """Count the processes that are at work on operations, for at least so long."""
    now = datetime.now(UTC)
    return places.in_hand(now).filter(claimed_at__lte=now - least).count()


def calls() -> int:
    """Count the steps whose call was promised, so that it may be under way."""
    return Effect.objects.filter(state=EffectState.APPLYING).count()


def looks() -> int:
    """Count the guests that are being asked how they use their CPUs."""
    return (
        Lease.objects.filter(name__startswith="inside:", expires_at__gt=datetime.now(UTC))
        .exclude(holder="")
        .count()
    )
