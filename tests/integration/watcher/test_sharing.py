from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from redis import Redis

from domains.models import Host, Lease
from domains.push.beats import beats
from domains.vcpu.slots import Side
from domains.watcher import parent as parent_module
from domains.watcher.parent import Parent
from tests.integration.simulated import host_row
from tests.integration.watcher.conftest import (
    child_of,
    outside_entries,
    wait_for_domain,
    wait_for_host,
    watching,
)
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def watcher_process(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``manage.py watcher`` as an operator does, on simulated hosts."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.integration.watcher.settings",
        "SLOTBOARD_SOCKET_DIRS": str(folder),
    }
    process = subprocess.Popen([sys.executable, "manage.py", "watcher"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    found = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for file in found for pid in file.read_text().split()]


def running(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_sigterm_gives_leases_back_and_ends_children_within_two_seconds(
    host: Host, simulated: SimulatedHost, redis: Redis
) -> None:
    with watcher_process(simulated.path.parent) as process:
        wait_for_host(host, state="connected", last_seen__isnull=False)
        wait_until(lambda: beats("watcher"), what="the heartbeat")
        (child,) = children(process)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - began < 2
    assert not running(child)
    assert set(Lease.objects.values_list("name", "holder")) == {
        ("host:sim", ""),
        ("sweep", ""),
        ("heads", ""),
        ("old tests", ""),
    }
    assert beats("watcher") == {}


def test_killed_watcher_is_succeeded_within_fifteen_seconds(host: Host, simulated: SimulatedHost) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    folder = simulated.path.parent
    with watcher_process(folder) as first, watcher_process(folder) as second:
        wait_for_domain(uuid)
        holder = Lease.objects.get(name="host:sim").holder
        victim, heir = (first, second) if f":{first.pid}:" in holder else (second, first)
        wait_until(lambda: children(victim), what="the child")
        assert children(heir) == []
        (orphan,) = children(victim)
        victim.kill()
        died = time.monotonic()
        simulated.foreign_set(uuid, 5, True, Side.LIVE)
        wait_for_domain(uuid, live__present="0-1,5", timeout=20)
        took = time.monotonic() - died
        sys.stdout.write(f"taken over after {took:.1f} s\n")
        assert took < 15
        assert not running(orphan)
        assert f":{heir.pid}:" in Lease.objects.get(name="host:sim").holder
    assert len(outside_entries()) == 1


def test_frozen_watcher_that_wakes_up_writes_nothing_more(host: Host, simulated: SimulatedHost) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    with watcher_process(simulated.path.parent) as frozen:
        wait_for_domain(uuid)
        frozen.send_signal(signal.SIGSTOP)
        Lease.objects.filter(name="host:sim").update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
        with watching() as heir:
            wait_until(lambda: child_of(heir, host), what="the heir's child")
            frozen.send_signal(signal.SIGCONT)
            simulated.foreign_set(uuid, 5, True, Side.LIVE)
            wait_for_domain(uuid, live__present="0-1,5")
            wait_until(lambda: children(frozen) == [], what="the end of the frozen one's child")
            assert Lease.objects.get(name="host:sim").holder == heir.holder
    assert len(outside_entries()) == 1


def test_two_watchers_share_and_only_one_sweeps(
    host: Host, simulated: SimulatedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps: list[float] = []
    monkeypatch.setattr(parent_module, "sweep", lambda: sweeps.append(time.monotonic()))
    with watching() as one, watching() as two:
        wait_until(lambda: child_of(one, host) or child_of(two, host), what="the child")
        wait_until(lambda: len(sweeps) > 5, what="the sweep")
        assert None in (child_of(one, host), child_of(two, host))
    gaps = [after - before for before, after in pairwise(sweeps)]
    assert min(gaps) > 0.25


def test_failed_sweep_of_operations_is_repeated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []

    def sweep() -> None:
        passes.append(1)
        if len(passes) == 1:
            raise parent_module.DatabaseError("database is locked")

    monkeypatch.setattr(parent_module, "sweep", sweep)
    with watching():
        wait_until(lambda: len(passes) > 2, what="the next passes")


@pytest.mark.filterwarnings("ignore:Exception in thread sweep")
def test_broken_part_ends_the_watcher_instead_of_leaving_half_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise SystemExit  # ends the thread

    monkeypatch.setattr(parent_module, "sweep", broken)
    assert Parent(parent_module.Pace()).run() is False


def test_hosts_are_picked_up_changed_paused_and_dropped(
    simulated: SimulatedHost, host: Host, watcher: Parent
) -> None:
    wait_for_host(host, state="connected", last_seen__isnull=False)
    other = SimulatedHost(simulated.path.with_name("other"))
    uuid = other.add_domain("db")
    other_host = host_row(other, "other")
    wait_for_domain(uuid, timeout=3)

    before = child_of(watcher, other_host)
    moved = other.path.with_name("moved")
    other.path.rename(moved)
    Host.objects.filter(pk=other_host.pk).update(socket=str(moved))
    wait_until(lambda: child_of(watcher, other_host) not in (None, before), 3, "the new connection")
    wait_for_host(other_host, state="connected")

    Host.objects.filter(pk=other_host.pk).update(enabled=False)
    wait_for_host(other_host, state="paused", timeout=3)
    wait_until(lambda: other_host.pk not in watcher.watches, what="the end of the watch")
    Host.objects.filter(pk=other_host.pk).update(enabled=True)
    wait_for_host(other_host, state="connected", timeout=3)

    other_host.delete()
    wait_until(lambda: other_host.pk not in watcher.watches, 3, "the end of the watch")
    assert Host.objects.get(pk=host.pk).state == "connected"
