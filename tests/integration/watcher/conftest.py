from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis

from domains.models import Domain, HistoryEntry, Host
from domains.watcher.pace import Pace
from domains.watcher.parent import Parent
from tests.integration.simulated import host_row
from tests.integration.watcher.simulated import FACTORY
from tests.simulated_host import SimulatedHost
from tests.waiting import LONG, wait_until

HASTE = Pace(
    statistics=0.1,
    unreachable=1.0,
    kill=2.0,
    lease=timedelta(seconds=2),
    renew=0.3,
    look=0.1,
    look_open=0.1,
    look_part=0.2,
    look_all=1.0,
    retry=0.2,
    retry_at_most=1.0,
    hosts=0.1,
    operations=0.3,
    heads=0.3,
    tests=0.1,
    test=20.0,  # a busy machine takes seconds to start a process
    tidy=0.3,
)


@pytest.fixture
def folder(fresh_database: str, redis: Redis, settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for simulated hosts, with a database file and a Redis for those who watch them."""
    return _folder(settings, tmp_path_factory)


@pytest.fixture
def any_folder(any_database: str, redis: Redis, settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As ``folder``, on a database of each kind."""
    return _folder(settings, tmp_path_factory)


def _folder(settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hosts")
    settings.SOCKET_DIRS = [str(path)]
    settings.GATEWAY = FACTORY
    return path


@pytest.fixture
def simulated(folder: Path) -> SimulatedHost:
    return SimulatedHost(folder / "sim")


@pytest.fixture
def host(simulated: SimulatedHost) -> Host:
    return host_row(simulated)


@contextmanager
def watching(pace: Pace = HASTE) -> Iterator[Parent]:
    """Run a watcher's parent in a thread; it must end well when stopped."""
    parent = Parent(pace)
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(parent.run()))
    thread.start()
    try:
        yield parent
    finally:
        parent.stop()
        thread.join(LONG)
    assert results == [True]


@pytest.fixture
def watcher(host: Host) -> Iterator[Parent]:
    with watching() as parent:
        yield parent


def wait_for_host(host: Host, timeout: float = LONG, **fields: object) -> Host:
    """Wait until the host's row has these fields."""
    wait_until(Host.objects.filter(pk=host.pk, **fields).exists, timeout, f"a host with {fields}")
    return Host.objects.get(pk=host.pk)


def wait_for_domain(uuid: str, timeout: float = LONG, **fields: object) -> Domain:
    """Wait until the inventory has the domain with these fields."""
    wait_until(Domain.objects.filter(uuid=uuid, **fields).exists, timeout, f"a domain with {fields}")
    return Domain.objects.get(uuid=uuid)


def outside_entries() -> list[HistoryEntry]:
    return list(HistoryEntry.objects.filter(kind="outside").order_by("seq"))


def child_of(parent: Parent, host: Host) -> int | None:
    """Give the number of the process that holds the host's connection."""
    watch = parent.holding.watches.get(host.pk)
    return watch.child_pid if watch else None


def another_child(parent: Parent, host: Host, before: int) -> int:
    """Wait until another process has the host's connection."""
    wait_until(lambda: child_of(parent, host) not in (None, before), what="another child")
    after = child_of(parent, host)
    assert after
    return after
