"""Guests that keep a CPU: what they answer is told as it is, and silence is never taken for an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from tempfile import NamedTemporaryFile

import pytest

from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from lab.boot import READY
from lab.domain_xml import domain_xml
from lab.guests import BY_NAME
from lab.instance import Instance
from tests.lab.desks import PlaceDesk, desk_at
from tests.lab.fresh import FreshGuests
from tests.lab.places import LabPlace, present_slots
from tests.waiting import wait_until

SLOT = 5
BOOT_SECONDS = 120
# Each asks for seven tenths of a CPU, and the kernel gives away at most 95 of a hundred: six of them fit on five CPUs,
# and not on four.
HOGS, BOOT_CPUS = 6, 4
RESERVE = [
    "--deadline",
    "--sched-runtime",
    "7000000",
    "--sched-deadline",
    "10000000",
    "--sched-period",
    "10000000",
]


@pytest.fixture
def desk(fresh_guests: FreshGuests, fresh_database: str, redis, settings, monkeypatch) -> Iterator[PlaceDesk]:
    with at(fresh_guests, settings, monkeypatch) as made:
        yield made


@pytest.fixture
def old_desk(
    old_guests: FreshGuests, fresh_database: str, redis, settings, monkeypatch
) -> Iterator[PlaceDesk]:
    with at(old_guests, settings, monkeypatch) as made:
        yield made


@contextmanager
def at(guests: FreshGuests, settings, monkeypatch) -> Iterator[PlaceDesk]:
    place = LabPlace(guests)
    try:
        with desk_at(place, settings, monkeypatch) as made:
            yield made
    finally:
        place.close()
        guests.end()


def prepared(desk: PlaceDesk, name: str, *, monitor: bool) -> str:
    """Give the guest one slot that it uses on the live side, and the same slot in its configuration."""
    desk.place.ready(name)
    desk.place.give(name, frozenset({SLOT}))
    desk.place.foreign_set(name, SLOT, present=True, side=Side.CONFIG)
    desk.listen_to_the_monitor(monitor)
    desk.look(name)
    return name


def both_still_present(desk: PlaceDesk, name: str) -> bool:
    return all(SLOT in slots for slots in desk.place.shown(name).values() if slots is not None)


def test_silent_refusal_is_waited_for_and_then_unconfirmed(desk, settings):
    name = prepared(desk, "stubborn01", monitor=False)
    operation = desk.ask(name, "remove", SLOT, "both")
    assert desk.operation(operation)["status"] == "waiting"
    settings.UNPLUG_PATIENCE = timedelta(seconds=1)
    sweep()
    came = desk.operation(operation)
    assert (came["status"], came["reason"]) == ("unconfirmed", "unplug_unconfirmed")
    desk.look_and_work(name)
    assert desk.operation(operation)["status"] == "unconfirmed"
    assert both_still_present(desk, name)


def test_refusal_that_is_heard_fails_and_leaves_the_configuration_alone(desk):
    name = prepared(desk, "stubborn01", monitor=True)
    came = desk.operation(desk.ask(name, "remove", SLOT, "both"))
    assert (came["status"], came["reason"]) == ("failed", "guest_refused")
    assert "128" in came["effects"][0]["libvirt"]["text"]
    assert both_still_present(desk, name)


def ask_agent(desk: PlaceDesk, name: str, command: str, **arguments: object):
    question = json.dumps({"execute": command, "arguments": arguments})
    return json.loads(desk.place.lab.virsh("qemu-agent-command", name, question))["return"]


def run_inside(desk: PlaceDesk, name: str, path: str, *arguments: str) -> int:
    """Start a program inside the guest and give its process ID there."""
    return ask_agent(desk, name, "guest-exec", path=path, arg=list(arguments))["pid"]


def ended(desk: PlaceDesk, name: str, pid: int) -> bool:
    return ask_agent(desk, name, "guest-exec-status", pid=pid)["exited"]


def test_guest_that_cannot_spare_the_cpu_refuses_until_it_can(desk):
    name = prepared(desk, "web01", monitor=True)
    assert desk.place.online(name) == BOOT_CPUS + 1
    hogs = [run_inside(desk, name, "/sbin/chrt", *RESERVE, "0", "sleep", "100000") for _ in range(HOGS)]
    assert not any(ended(desk, name, pid) for pid in hogs)
    came = desk.operation(desk.ask(name, "remove", SLOT, "both"))
    assert (came["status"], came["reason"]) == ("failed", "guest_refused")
    assert "130" in came["effects"][0]["libvirt"]["text"]
    assert both_still_present(desk, name)

    run_inside(desk, name, "/bin/kill", *map(str, hogs))
    wait_until(lambda: all(ended(desk, name, pid) for pid in hogs), what="the end of what held the CPU")
    again = desk.operation(desk.ask(name, "remove", SLOT, "both"))
    assert (again["status"], again["reason"]) == ("succeeded", None)
    assert all(SLOT not in slots for slots in desk.place.shown(name).values() if slots is not None)


@pytest.fixture
def power02(lab: Instance, fresh_guests: FreshGuests) -> Iterator[str]:
    """A pSeries guest that refuses: after an addition it uses none but the added CPUs."""
    fresh_guests.bring("power01")  # with the image that this one boots from too
    lab.virsh("destroy", "power01")
    guest = replace(BY_NAME["power01"], name="power02", refuses_removal=True)
    with NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(domain_xml(guest))
        file.flush()
        lab.virsh("create", file.name)
    console = lab.folders.console(guest.name)
    try:
        wait_until(lambda: READY in console.read_text(errors="replace"), BOOT_SECONDS, f"{guest.name}, ready")
        yield guest.name
    finally:
        lab.virsh("destroy", guest.name)


@pytest.mark.parametrize("monitor", [False, True])
def test_pseries_guest_that_refuses_is_told_at_once(desk, power02, monitor):
    """libvirt itself says so on pSeries, whether or not QEMU's monitor is listened to."""
    desk.listen_to_the_monitor(monitor)
    desk.look(power02)
    added = desk.operation(desk.ask(power02, "add", "8-11", "live"))
    assert added["status"] == "succeeded"
    wait_until(lambda: desk.place.online(power02) == 4, what="the guest to depend on the new core")
    came = desk.operation(desk.ask(power02, "remove", "8-11", "live"))
    assert (came["status"], came["reason"]) == ("failed", "guest_refused")
    assert {effect["reason"] for effect in came["effects"]} == {"guest_refused"}
    assert present_slots(desk.place.lab.virsh("dumpxml", power02)) == frozenset(range(12))


@pytest.mark.parametrize("monitor", [False, True])
def test_removal_on_the_old_host_is_never_confirmed_and_never_a_failure(old_desk, settings, monitor):
    """QEMU 7.2 without KVM tells nobody that the guest has let go, as it has."""
    name = prepared(old_desk, "web01", monitor=monitor)
    operation = old_desk.ask(name, "remove", SLOT, "both")
    waiting = old_desk.operation(operation)
    assert waiting["status"] == "waiting"
    assert waiting["message"].endswith(".")
    assert old_desk.place.online(name) == BOOT_CPUS
    settings.UNPLUG_PATIENCE = timedelta(seconds=1)
    sweep()
    old_desk.look_and_work(name)
    came = old_desk.operation(operation)
    assert (came["status"], came["reason"]) == ("unconfirmed", "unplug_unconfirmed")
    assert came["message"].endswith(".")
    assert came["message"] != waiting["message"]
    assert {effect["state"] for effect in came["effects"]} == {"unconfirmed"}
    assert both_still_present(old_desk, name)
