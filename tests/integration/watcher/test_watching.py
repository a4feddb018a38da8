from __future__ import annotations

import json

from domains.models import Host
from domains.vcpu.slots import Side
from domains.watcher.parent import Parent
from tests.integration.watcher.conftest import (
    outside_entries,
    wait_for_domain,
    wait_for_host,
    watching,
)
from tests.simulated_host import SimulatedHost


def test_watcher_fills_the_inventory(host: Host, simulated: SimulatedHost) -> None:
    running = simulated.add_domain("web", present="0-1,5", removable="5")
    off = simulated.add_domain("batch", running=False)
    with watching():
        domain = wait_for_domain(running)
        wait_for_domain(off, state="shut off", live__isnull=True)
        wait_for_host(host, state="connected", hypervisor="QEMU", last_seen__isnull=False)
    assert domain.live == {"max": 8, "present": "0-1,5", "removable": "5"}
    assert domain.state == "running"
    assert outside_entries() == []


def test_change_by_others_is_shown_and_recorded_as_outside(simulated: SimulatedHost, watcher: Parent) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    wait_for_domain(uuid, live__present="0-1")
    simulated.foreign_set(uuid, 5, True, Side.LIVE)
    wait_for_domain(uuid, live__present="0-1,5")
    (entry,) = outside_entries()
    body = json.loads(entry.body)
    assert body["effects"] == [{"side": "live", "appeared": "5", "disappeared": ""}]
    assert entry.domain_name == "web"


def test_configuration_changed_by_others_is_found_by_the_sweep(
    simulated: SimulatedHost, watcher: Parent
) -> None:
    uuid = simulated.add_domain("web", present="0-1")
    wait_for_domain(uuid, config__present="0-1")
    simulated.foreign_set(uuid, 5, True, Side.CONFIG)
    wait_for_domain(uuid, config__present="0-1,5")
    assert len(outside_entries()) == 1


def test_domain_that_vanishes_is_gone(simulated: SimulatedHost, watcher: Parent) -> None:
    uuid = simulated.add_domain("fleeting", persistent=False)
    wait_for_domain(uuid, config__isnull=True, gone_at=None)
    simulated.stop(uuid)
    wait_for_domain(uuid, gone_at__isnull=False, live__isnull=True)


def test_domain_that_vanished_while_nobody_watched_is_gone(host: Host, simulated: SimulatedHost) -> None:
    uuid = simulated.add_domain("web")
    with watching():
        wait_for_domain(uuid)
    simulated.vanish(uuid)
    with watching():
        wait_for_domain(uuid, gone_at__isnull=False)


def test_restarted_guest_is_another_run(simulated: SimulatedHost, watcher: Parent) -> None:
    uuid = simulated.add_domain("web")
    wait_for_domain(uuid, run=1)
    simulated.stop(uuid)
    wait_for_domain(uuid, state="shut off")
    simulated.start(uuid)
    wait_for_domain(uuid, state="running", run=2)
    (stop,), (start,) = [json.loads(entry.body)["effects"] for entry in outside_entries()]
    assert (stop["ended"], start["began"]) == ("shut off", "running")
