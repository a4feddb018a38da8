from __future__ import annotations

import os
import signal
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError

from domains.inventory import hosts
from domains.models import Host, Lease
from domains.vcpu.slots import Side
from domains.watcher.parent import Parent
from tests.integration.simulated import host_row
from tests.integration.watcher.conftest import (
    HASTE,
    another_child,
    child_of,
    outside_entries,
    wait_for_domain,
    wait_for_host,
    watching,
)
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until

SILENT = "The host does not answer."
LIBVIRT = "domains.hypervisor.libvirt_gateway.open_gateway"


def test_killed_child_is_replaced(host: Host, simulated: SimulatedHost, watcher: Parent) -> None:
    uuid = simulated.add_domain("web")
    wait_for_domain(uuid)
    before = child_of(watcher, host)
    os.kill(before, signal.SIGKILL)
    another_child(watcher, host, before)
    wait_for_host(host, state="connected", last_error="")
    simulated.foreign_set(uuid, 5, True, Side.LIVE)
    wait_for_domain(uuid, live__present="0-1,5")


def test_silent_child_is_killed_and_disturbs_no_other_host(
    host: Host, simulated: SimulatedHost, watcher: Parent
) -> None:
    other = SimulatedHost(simulated.path.with_name("other"))
    uuid = other.add_domain("db", present="0-1")
    other_host = host_row(other, "other")
    wait_for_domain(uuid, live__present="0-1")
    wait_for_host(host, state="connected", last_seen__isnull=False)
    before = child_of(watcher, host)
    os.kill(before, signal.SIGSTOP)
    wait_for_host(host, state="unreachable", last_error=SILENT)
    other.foreign_set(uuid, 5, True, Side.LIVE)
    wait_for_domain(uuid, live__present="0-1,5")
    another_child(watcher, host, before)
    wait_for_host(host, state="connected", last_error="")
    assert not Path(f"/proc/{before}").exists()
    wait_for_host(other_host, state="connected")


def test_child_that_answers_again_in_time_is_kept(host: Host) -> None:
    with watching(replace(HASTE, kill=60.0)) as watcher:
        first = wait_for_host(host, state="connected", last_seen__isnull=False)
        child = child_of(watcher, host)
        os.kill(child, signal.SIGSTOP)
        wait_for_host(host, state="unreachable", last_error=SILENT)
        os.kill(child, signal.SIGCONT)
        again = wait_for_host(host, state="connected", last_error="")
        assert again.state_since > first.state_since
        assert child_of(watcher, host) == child


def test_unreachable_host_says_why_and_comes_back(
    host: Host, simulated: SimulatedHost, watcher: Parent
) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    wait_for_domain(uuid)
    simulated.tune(reachable=False)
    wait_for_host(host, state="unreachable")
    wait_for_host(host, last_error="Nothing answers there, or this machine may not connect to it.")
    simulated.foreign_set(uuid, 5, True, Side.LIVE)
    simulated.tune(reachable=True)
    wait_for_host(host, state="connected", last_error="")
    wait_for_domain(uuid, live__present="0-1,5")
    assert len(outside_entries()) == 1


def test_port_that_never_answers_is_shown_and_does_not_delay_the_end(folder: Path, settings) -> None:
    settings.GATEWAY = LIBVIRT
    settings.ALLOW_TCP = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        host = Host.objects.create(
            slug="mute",
            transport="tcp",
            hostname="127.0.0.1",
            port=port,
            state_since=datetime.now(UTC),
        )
        with watching(replace(HASTE, unreachable=2.0, kill=3.0)) as watcher:
            first = wait_until(lambda: child_of(watcher, host), what="a child")
            wait_for_host(host, state="unreachable", last_error=SILENT)
            second = another_child(watcher, host, first)
            assert not Path(f"/proc/{first}").exists()
        assert not Path(f"/proc/{second}").exists()


def test_port_that_refuses_is_shown_with_its_reason(folder: Path, settings) -> None:
    settings.GATEWAY = LIBVIRT
    settings.ALLOW_TCP = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    host = Host.objects.create(
        slug="closed", transport="tcp", hostname="127.0.0.1", port=port, state_since=datetime.now(UTC)
    )
    with watching():
        wait_for_host(host, last_error="The connection was refused: nothing listens there.")


def test_missing_socket_is_shown_without_a_process_and_found_soon(
    host: Host, simulated: SimulatedHost
) -> None:
    away = simulated.path.with_name("away")
    simulated.path.rename(away)
    with watching() as watcher:
        wait_for_host(
            host,
            state="unreachable",
            last_error="There is no libvirt socket where this host should have one.",
        )
        assert child_of(watcher, host) is None
        away.rename(simulated.path)
        wait_for_host(host, state="connected")


def test_forbidden_address_is_shown_and_never_opened(folder: Path) -> None:
    host = Host.objects.create(slug="odd", socket="/etc/passwd", state_since=datetime.now(UTC))
    with watching() as watcher:
        wait_for_host(host, last_error=f"The socket must lie below {folder}.")
        assert child_of(watcher, host) is None


def test_database_error_is_survived(
    host: Host, simulated: SimulatedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    seen = hosts.seen
    failures = [OperationalError("database is locked")]

    def failing(*arguments: object) -> None:
        if failures:
            raise failures.pop()
        seen(*arguments)

    with watching():
        wait_for_domain(uuid)
        monkeypatch.setattr(hosts, "seen", failing)
        wait_until(lambda: not failures, what="the failure")
        simulated.foreign_set(uuid, 5, True, Side.LIVE)
        wait_for_domain(uuid, live__present="0-1,5")


def test_lease_taken_away_ends_the_connection_and_every_write(
    host: Host, simulated: SimulatedHost, watcher: Parent
) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    wait_for_domain(uuid)
    before = child_of(watcher, host)
    lease = Lease.objects.filter(name="host:sim")
    lease.update(holder="another", epoch=77, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    simulated.foreign_set(uuid, 5, True, Side.LIVE)
    wait_until(lambda: child_of(watcher, host) is None, what="the child's end")
    assert not Path(f"/proc/{before}").exists()
    assert wait_for_domain(uuid).live["present"] == "0-1"
    lease.update(expires_at=datetime.now(UTC))
    wait_for_domain(uuid, live__present="0-1,5")
    assert Lease.objects.get(name="host:sim").epoch == 78
