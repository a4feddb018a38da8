from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import pytest
from redis import Redis

from domains.models import Host, Lease
from domains.push.beats import beats
from domains.watcher import parent as parent_module
from domains.watcher.parent import Parent
from tests.integration.simulated import host_row
from tests.integration.watcher.conftest import (
    child_of,
    wait_for_domain,
    wait_for_host,
    watching,
)
from tests.integration.watcher.processes import running, watcher_process
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until


def test_sigterm_gives_leases_back_and_ends_children(
    host: Host, simulated: SimulatedHost, redis: Redis
) -> None:
    with watcher_process(simulated.path.parent) as watcher:
        wait_for_host(host, state="connected", last_seen__isnull=False)
        wait_until(lambda: beats("watcher"), what="the heartbeat")
        (child,) = watcher.children
        assert watcher.end() == 0
    assert not running(child)
    assert set(Lease.objects.values_list("name", "holder")) == {
        ("host:sim", ""),
        ("sweep", ""),
        ("heads", ""),
        ("old tests", ""),
    }
    assert beats("watcher") == {}


def test_two_watchers_share_and_only_one_sweeps(
    host: Host, simulated: SimulatedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps: list[int] = []
    monkeypatch.setattr(parent_module, "sweep", lambda: sweeps.append(threading.get_ident()))
    with watching() as one, watching() as two:
        wait_until(lambda: child_of(one, host) or child_of(two, host), what="the child")
        wait_until(lambda: len(sweeps) > 5, what="the sweep")
        assert None in (child_of(one, host), child_of(two, host))
    # Were both to sweep they would take turns; on a busy machine the duty may pass on once or twice.
    assert sum(one != other for one, other in pairwise(sweeps[:6])) <= 2


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
    wait_for_domain(uuid)

    before = child_of(watcher, other_host)
    moved = other.path.with_name("moved")
    other.path.rename(moved)
    Host.objects.filter(pk=other_host.pk).update(socket=str(moved))
    wait_until(lambda: child_of(watcher, other_host) not in (None, before), what="the new connection")
    wait_for_host(other_host, state="connected")

    Host.objects.filter(pk=other_host.pk).update(enabled=False)
    wait_for_host(other_host, state="paused")
    wait_until(lambda: other_host.pk not in watcher.holding.watches, what="the end of the watch")
    Host.objects.filter(pk=other_host.pk).update(enabled=True)
    wait_for_host(other_host, state="connected")

    other_host.delete()
    wait_until(lambda: other_host.pk not in watcher.holding.watches, what="the end of the watch")
    assert Host.objects.get(pk=host.pk).state == "connected"
