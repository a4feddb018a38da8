"""Several watchers and a real guest: what virsh changes while one is dead or frozen is found by another."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from redis import Redis

from domains.models import Domain, Host, Lease, clock
from lab.instance import Instance
from tests.integration.watcher.conftest import outside_entries, wait_for_domain, wait_for_host
from tests.integration.watcher.processes import Watcher, watcher_processes
from tests.lab.consoles import wait_until_used
from tests.waiting import wait_until

TAKEOVER = timedelta(seconds=15)
SETTINGS = "tests.settings"


def test_changes_by_virsh_are_found_by_the_heir_of_a_dead_and_of_a_frozen_watcher(
    fresh_database: str, redis: Redis, lab: Instance, lab_guest: Callable[[str], str]
) -> None:
    guest = lab.virsh("domuuid", lab_guest("web01"))
    address = lab.uri.partition("socket=")[2]
    host = Host.objects.create(slug="lab", socket=address, monitor=True, state_since=datetime.now(UTC))
    with watcher_processes(None, SETTINGS) as crowd:
        first = crowd.join()
        wait_for_domain(guest, live__present="0-3")
        second = crowd.join()
        wait_until(lambda: lives(second), what="the second watcher")
        first.kill()
        moment = clock.now()
        lab.virsh("setvcpu", "web01", "6", "--enable", "--live")
        wait_until(lambda: second.hosts, what="the takeover")
        assert clock.now() - moment < TAKEOVER
        wait_for_domain(guest, live__present="0-3,6")

        third = crowd.join()
        wait_until(lambda: lives(third), what="the third watcher")
        second.freeze()
        Lease.objects.exclude(name__contains=f":{third.pid}:").update(expires_at=clock.now())
        wait_until_used(lab, "web01")
        lab.virsh("setvcpu", "web01", "6", "--disable", "--live")
        wait_until(lambda: third.hosts, what="the takeover")
        wait_for_domain(guest, live__present="0-3")
        term, shown = Lease.objects.get(name="host:lab").epoch, Domain.objects.get(uuid=guest).revision
        second.thaw()
        wait_until(lambda: lives(second) and not second.children, what="the end of the old connection")
        assert (Lease.objects.get(name="host:lab").epoch, third.hosts) == (term, {"lab"})
        assert Domain.objects.get(uuid=guest).revision == shown
    wait_for_host(host, state="connected")
    assert changes(guest) == [("6", ""), ("", "6")]


def lives(watcher: Watcher) -> bool:
    living = Lease.objects.filter(name__startswith="watcher:", expires_at__gt=clock.now())
    return living.filter(name__contains=f":{watcher.pid}:").exists()


def changes(guest: str) -> list[tuple[str, str]]:
    """Give what was recorded as seen from outside: the slots that came and went."""
    bodies = [json.loads(entry.body) for entry in outside_entries() if entry.domain_uuid == guest]
    return [(one["effects"][0]["appeared"], one["effects"][0]["disappeared"]) for one in bodies]
