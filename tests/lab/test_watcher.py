"""The watcher on a real libvirt: what others change with virsh is in the inventory soon, and in the history."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis

from domains.inventory import attribution
from domains.models import Domain, Host
from domains.watcher.pace import Pace
from lab.instance import Instance
from lab.virsh import VirshError
from tests.integration.watcher.conftest import outside_entries, wait_for_domain, wait_for_host, watching
from tests.lab.consoles import wait_until_used
from tests.waiting import wait_until

LIVE_GOAL = CONFIG_GOAL_OPEN = 2.0
REMOVAL_GOAL = 0.2
GENEROUS = 60.0  # seconds; the machine may be busy, so a missed goal is printed and does not fail a test


@pytest.fixture
def watched(fresh_database: str, redis: Redis, lab: Instance) -> Iterator[Host]:
    """Watch the lab as a product of its own would, at its own pace."""
    socket = lab.uri.partition("socket=")[2]
    host = Host.objects.create(slug="lab", socket=socket, monitor=True, state_since=datetime.now(UTC))
    with watching(Pace()):
        yield wait_for_host(host, state="connected", timeout=GENEROUS)


def domain(lab: Instance, name: str) -> Domain:
    uuid = lab.virsh("domuuid", name).strip()
    return wait_for_domain(uuid, gone_at=None, timeout=GENEROUS)


def slot_changes() -> list[list[dict[str, str]]]:
    """Give what was recorded of slots; a guest that was reset may have been seen to come and start before."""
    changes = [json.loads(entry.body)["effects"] for entry in outside_entries()]
    return [effects for effects in changes if effects[0].get("appeared") or effects[0].get("disappeared")]


def timed(what: str, goal: float, uuid: object, **fields: object) -> None:
    """Wait until the inventory shows the fields, and print how long that took."""
    began = time.monotonic()
    wait_for_domain(str(uuid), timeout=GENEROUS, **fields)
    took = time.monotonic() - began
    sys.stdout.write(f"{what}: {took:.3f} s (goal {goal} s, {'met' if took <= goal else 'MISSED'})\n")


def test_live_change_by_virsh_is_shown_and_recorded(
    watched: Host, lab: Instance, lab_guest: Callable[[str], str]
) -> None:
    lab_guest("web01")
    web01 = domain(lab, "web01")
    assert web01.live["present"] == "0-3"
    assert web01.agent is not None
    assert web01.places.sockets == 2
    lab.virsh("setvcpu", "web01", "6", "--enable", "--live")
    timed("live add shown", LIVE_GOAL, web01.uuid, live__present="0-3,6", live__removable="6")
    wait_until_used(lab, "web01")
    lab.virsh("setvcpu", "web01", "6", "--disable", "--live")
    timed("live removal shown", REMOVAL_GOAL, web01.uuid, live__present="0-3")
    assert slot_changes() == [
        [{"side": "live", "appeared": "6", "disappeared": ""}],
        [{"side": "live", "appeared": "", "disappeared": "6"}],
    ]
    assert {entry.domain_name for entry in outside_entries()} == {"web01"}


def test_configuration_of_an_open_domain_is_shown_soon(
    watched: Host, lab: Instance, lab_guest: Callable[[str], str], redis: Redis
) -> None:
    lab_guest("batch01")
    batch01 = domain(lab, "batch01")
    redis.set(f"slotboard:open:{batch01.uuid}", "1", ex=60)
    time.sleep(3)  # until the watcher has heard of it and has looked once
    before = batch01.config["present"]
    lab.virsh("setvcpu", "batch01", "5", "--enable", "--config")
    timed("configuration change shown", CONFIG_GOAL_OPEN, batch01.uuid, config__present=f"{before},5")
    lab.virsh("setvcpu", "batch01", "5", "--disable", "--config")
    timed("configuration change shown", CONFIG_GOAL_OPEN, batch01.uuid, config__present=before)
    assert len(slot_changes()) == 2


def test_libvirt_restarted_is_connected_again(
    watched: Host, lab: Instance, lab_guest: Callable[[str], str]
) -> None:
    lab_guest("batch01")
    batch01 = domain(lab, "batch01")
    since = wait_for_host(watched, state="connected").state_since
    os.kill(lab.process_of("libvirtd"), signal.SIGKILL)
    wait_for_host(watched, state="connected", state_since__gt=since)
    before = batch01.config["present"]
    wait_until(lambda: lab.virsh("setvcpu", "batch01", "6", "--enable", "--config") is not None)
    wait_for_domain(str(batch01.uuid), config__present=f"{before},6")
    lab.virsh("setvcpu", "batch01", "6", "--disable", "--config")
    assert outside_entries()


def test_destroyed_transient_guest_is_gone(
    watched: Host, lab: Instance, lab_guest: Callable[[str], str]
) -> None:
    lab_guest("fleeting01")
    fleeting01 = domain(lab, "fleeting01")
    assert fleeting01.config is None
    lab.virsh("destroy", "fleeting01")
    timed("destroyed guest gone", LIVE_GOAL, fleeting01.uuid, gone_at__isnull=False, live__isnull=True)


def test_refusal_is_heard_while_libvirt_still_waits(
    watched: Host, lab: Instance, lab_guest: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[int, int, str, float]] = []
    monkeypatch.setattr(
        attribution,
        "guest_refused",
        lambda domain_id, vcpu, text, *, ago, fence: heard.append((domain_id, vcpu, text, time.monotonic())),
    )
    lab_guest("stubborn01")
    stubborn01 = domain(lab, "stubborn01")
    lab.virsh("setvcpu", "stubborn01", "5", "--enable", "--live")
    wait_until_used(lab, "stubborn01")
    began = time.monotonic()
    with pytest.raises(VirshError, match="unplug request timed out"):
        lab.virsh("setvcpu", "stubborn01", "5", "--disable", "--live")
    ended = time.monotonic()
    domain_id, vcpu, text, moment = heard[0]
    assert (domain_id, vcpu) == (stubborn01.pk, 5)
    assert "128" in text
    assert moment < ended
    sys.stdout.write(f"refusal heard: {moment - began:.3f} s; libvirt's own answer: {ended - began:.3f} s\n")
