"""Several watcher processes on one database: they share the hosts, and none of them is missed for long."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domains.models import Domain, Host, Lease, clock
from domains.vcpu.slots import Side
from tests.integration.simulated import host_row
from tests.integration.watcher.conftest import outside_entries, wait_for_domain, wait_for_host
from tests.integration.watcher.processes import running, watcher_processes
from tests.simulated_host import SimulatedHost
from tests.waiting import wait_until

TAKEOVER = timedelta(seconds=15)


class Fleet:
    """Simulated hosts with one guest each, and their rows."""

    def __init__(self, folder: Path, size: int) -> None:
        self.simulated = [SimulatedHost(folder / f"hv{number}") for number in range(size)]
        self.guests = [one.add_domain("web", present="0-1") for one in self.simulated]
        self.rows = [host_row(one, one.path.name) for one in self.simulated]

    def change(self, slot: int) -> None:
        """Have somebody outside add a slot to every guest."""
        for one, uuid in zip(self.simulated, self.guests, strict=True):
            one.foreign_set(uuid, slot, True, Side.LIVE)

    def wait_until_known(self, present: str) -> None:
        for uuid in self.guests:
            wait_for_domain(uuid, live__present=present)

    def states(self) -> set[tuple[str, datetime]]:
        return set(Host.objects.values_list("slug", "state", "state_since"))


@pytest.fixture
def fleet(any_folder: Path) -> Fleet:
    return Fleet(any_folder, 5)


def test_watchers_share_the_hosts_whoever_comes_and_goes(fleet: Fleet, any_folder: Path) -> None:
    with watcher_processes(any_folder) as crowd:
        first = crowd.join()
        fleet.wait_until_known("0-1")
        for row in fleet.rows:
            wait_for_host(row, state="connected", last_seen__isnull=False)
        states = fleet.states()
        second = crowd.join()
        wait_until(lambda: crowd.shares() == [3, 2], what="a share for the second")
        kept = first.hosts
        third = crowd.join()
        wait_until(lambda: crowd.shares() == [2, 2, 1], what="a share for the third")
        assert first.hosts < kept
        wait_until(lambda: [len(one.children) for one in crowd] == [2, 2, 1], what="a process per host")

        assert third.end() == 0
        wait_until(lambda: sum(crowd.shares()) == 5, what="the takeover of what was given back")
        assert fleet.states() == states  # no host was shown as anything but connected meanwhile

        orphans, moment = second.children, clock.now()
        second.kill()
        fleet.change(5)
        wait_until(lambda: crowd.shares()[0] == 5, what="the takeover")
        assert clock.now() - moment < TAKEOVER
        fleet.wait_until_known("0-1,5")
        assert not any(running(pid) for pid in orphans)
    assert len(outside_entries()) == 5


def test_frozen_watcher_is_succeeded_and_writes_nothing_more(fleet: Fleet, any_folder: Path) -> None:
    with watcher_processes(any_folder) as crowd:
        frozen = crowd.join()
        fleet.wait_until_known("0-1")
        frozen.freeze()
        lost = dict(Lease.objects.filter(name__startswith="host:").values_list("name", "epoch"))
        Lease.objects.update(expires_at=clock.now())  # as it would be after a while
        heir = crowd.join()
        fleet.change(5)
        wait_until(lambda: len(heir.hosts) == 5, what="the takeover")
        fleet.wait_until_known("0-1,5")
        written = list(Domain.objects.order_by("pk").values_list("revision", "live"))

        frozen.thaw()  # with readings in its pipes that are older than what stands in the database
        wait_until(lambda: sorted(crowd.shares()) == [2, 3], what="a new share for the one that woke up")
        terms = dict(Lease.objects.filter(name__startswith="host:").values_list("name", "epoch"))
        assert all(terms[name] > epoch for name, epoch in lost.items())
        assert list(Domain.objects.order_by("pk").values_list("revision", "live")) == written
        fleet.change(6)
        fleet.wait_until_known("0-1,5-6")
    changes = [json.loads(entry.body)["effects"][0]["appeared"] for entry in outside_entries()]
    assert sorted(changes) == ["5"] * 5 + ["6"] * 5
    assert set(Host.objects.values_list("state", flat=True)) == {"connected"}
    assert Host.objects.filter(last_seen__lt=datetime.now(UTC) - TAKEOVER).count() == 0
