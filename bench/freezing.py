"""Plays people who look at pages and ask for changes, while one host freezes and answers again."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from domains.models import Domain, Grant, Host, HostState, Operation, Status
from domains.operations.actor import Actor
from domains.operations.request import request_change
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until

HOSTS, GUESTS = 4, 10  # the first host is the one that freezes
CYCLES = 4
FROZEN_SECONDS = 60  # of a cycle, and as long healthy: half of it before and half after
STUCK = 3  # operations that are asked of the host right after it froze
FINAL = (Status.SUCCEEDED, Status.FAILED, Status.PARTIAL, Status.CANCELLED)
WARM_UP_SECONDS = 10
PATIENCE = 120.0  # seconds
Samples = dict[str, list[float]]


def measure(port: str) -> Samples:
    """Take turns: the same with every host healthy, and with one frozen. Milliseconds, and seconds for what is said
    of the frozen host.
    """
    people = _People(int(port))
    people.work("warm-up", WARM_UP_SECONDS)
    people.samples.clear()
    for _ in range(CYCLES):
        people.work("healthy", FROZEN_SECONDS / 2)
        with _frozen(people.hosts[0]):
            people.froze = time.monotonic()
            stuck = [people.ask(guest) for guest in people.guests[0][:STUCK]]
            people.work("one frozen", FROZEN_SECONDS)
            wait_until(people.see_the_frozen_host, PATIENCE, "the frozen host shown as such")
        thawed = time.monotonic()
        wait_until(lambda: people.connected("h0"), PATIENCE, "the host's return")
        for number in stuck:
            people.settled(number)
        people.samples["settled"].append(time.monotonic() - thawed)
        people.work("healthy", FROZEN_SECONDS / 2)
    return dict(people.samples)


@contextmanager
def _frozen(host: SimulatedHost) -> Iterator[None]:
    """Hold the lock of the host's file: every call waits, and goes on where it was when the block ends."""
    with closing(sqlite3.connect(host.path, timeout=60, isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")


class _People:
    """Everybody who uses the site, and what they see."""

    def __init__(self, port: int) -> None:
        self.samples: Samples = defaultdict(list)
        self.froze: float | None = None  # since when a host is frozen without being shown as such
        self.hosts, self.guests = _world()
        self._port = port
        self._cookie = _session()
        self._turn = itertools.cycle([guest for guests in self.guests[1:] for guest in guests])
        self._slots: dict[str, int] = defaultdict(int)
        for host in self.hosts:
            wait_until(partial(self.connected, host.path.name), PATIENCE, "the hosts")
        wait_until(lambda: Domain.objects.count() == HOSTS * GUESTS, PATIENCE, "the guests")

    def work(self, when: str, seconds: float) -> None:
        """Ask for one change after another on healthy hosts, and look at pages after each."""
        frozen, healthy = self.guests[0][-1], self.guests[1][0]
        pages = {
            "the fleet": "/",
            "a healthy host's domain": f"/domains/h1/{healthy}/",
            "the frozen host's domain": f"/domains/h0/{frozen}/",
            "the operations": "/operations/",
        }
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            guest, began = next(self._turn), time.perf_counter()
            self.settled(self.ask(guest))
            self._note("an operation", when, began)
            for what, path in pages.items():
                began = time.perf_counter()
                self._get(path)
                self._note(what, when, began)
            self.see_the_frozen_host()
            time.sleep(0.1)

    def ask(self, guest: str) -> int:
        """Ask for slot 5 of a guest, or for its removal the next time."""
        self._slots[guest] += 1
        domain = Domain.objects.select_related("host").get(uuid=guest)
        action = "add" if self._slots[guest] % 2 else "remove"
        asked = {"action": action, "vcpu": 5, "affect": "live"}
        operation = request_change(
            actor=Actor("os:bench", "command"), host=domain.host.slug, domain_ref=guest, asked=asked
        )
        return operation.pk

    def settled(self, number: int) -> None:
        """Wait until an operation is over."""
        over = Operation.objects.filter(pk=number, status__in=FINAL)
        wait_until(over.exists, PATIENCE, f"the end of operation {number}")

    def connected(self, host: str) -> bool:
        """Whether a host is shown as on the line."""
        return Host.objects.filter(slug=host, state=HostState.CONNECTED, last_seen__isnull=False).exists()

    def see_the_frozen_host(self) -> bool:
        """Note once how long it took until the host that is frozen is shown as such; False until then."""
        if self.froze is not None and not self.connected("h0"):
            self.samples["shown"].append(time.monotonic() - self.froze)
            self.froze = None
        return self.froze is None

    def _note(self, what: str, when: str, began: float) -> None:
        self.samples[f"{what}, {when}"].append((time.perf_counter() - began) * 1000)

    def _get(self, path: str) -> None:
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            connection.request("GET", path, headers={"Cookie": self._cookie})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} was answered with {answer.status}")


def _world() -> tuple[list[SimulatedHost], list[list[str]]]:
    folder = Path(settings.SOCKET_DIRS[0])
    folder.mkdir(exist_ok=True)
    hosts = [SimulatedHost(folder / f"h{number}") for number in range(HOSTS)]
    guests = [[host.add_domain(f"g{number}") for number in range(GUESTS)] for host in hosts]
    for host in hosts:
        Host.objects.create(slug=host.path.name, socket=str(host.path), state_since=datetime.now(UTC))
    return hosts, guests


def _session() -> str:
    user = get_user_model().objects.create(username="bench")
    Grant.objects.create(user=user, role="operator")
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
