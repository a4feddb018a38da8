"""What the simulated guest answers is what a real one does: at once, late, never, or no."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from domains.hypervisor.errors import (
    GatewayError,
    GuestRefused,
    UnknownOutcome,
)
from domains.vcpu.reasons import Reason
from tests.contract.views import LIVE, first_absent
from tests.waiting import eventually

ADD, REMOVE = True, False


def test_paused_guest_lets_go_once_it_is_resumed(world):
    gateway, uuid = world.gateway, world.uuid("idle01")
    vcpu = first_absent(world, "idle01")
    gateway.set_slots(uuid, frozenset({vcpu}), present=ADD, side=LIVE)
    try:
        if "qemu" in world.uri:  # a CPU that the guest has never seen cannot be given back by it
            world.resume("idle01")
            world.wait_until_used("idle01")
            world.pause("idle01")
        with pytest.raises(UnknownOutcome) as caught:
            gateway.set_slots(uuid, frozenset({vcpu}), present=REMOVE, side=LIVE)
        assert (caught.value.code, caught.value.reason) == (68, Reason.UNPLUG_UNCONFIRMED)
        assert vcpu in gateway.read_domain(uuid).live.present
        world.resume("idle01")
        assert eventually(lambda: vcpu not in gateway.read_domain(uuid).live.present)
    finally:
        world.pause("idle01")


def test_waiting_removals_leave_the_domain_free(world):
    gateway, uuid = world.gateway, world.uuid("idle01")
    slots = []
    for _ in range(2):
        slots.append(first_absent(world, "idle01"))
        gateway.set_slots(uuid, frozenset({slots[-1]}), present=ADD, side=LIVE)
    try:
        if "qemu" in world.uri:
            world.resume("idle01")
            world.wait_until_used("idle01")
            world.pause("idle01")
        with ThreadPoolExecutor(2) as pool:
            removals = [
                pool.submit(gateway.set_slots, uuid, frozenset({slot}), present=REMOVE, side=LIVE)
                for slot in slots
            ]
            other = first_absent(world, "idle01")
            gateway.set_slots(uuid, frozenset({other}), present=ADD, side=LIVE)
            assert gateway.read_domain(uuid).live.present >= {*slots, other}
            assert not any(removal.done() for removal in removals)
            world.resume("idle01")
        assert [removal.result() for removal in removals] == [None, None]
        assert not gateway.read_domain(uuid).live.present & set(slots)
    finally:
        world.pause("idle01")


def test_guest_that_has_just_started_is_not_ready_or_answers_later(world):
    gateway, uuid = world.open(monitor=True), world.uuid("db01")
    world.start_anew("db01")
    assert 3 in gateway.read_domain(uuid).live.removable
    reason = None
    try:
        gateway.set_slots(uuid, frozenset({3}), present=REMOVE, side=LIVE)
    except GatewayError as error:
        reason = error.reason
    # Only an older QEMU says at once that the firmware cannot be asked; a newer one keeps the request.
    assert reason in (None, Reason.GUEST_NOT_READY, Reason.UNPLUG_UNCONFIRMED, Reason.GUEST_REFUSED)
    assert (3 in gateway.read_domain(uuid).live.present) is (reason is not None)


def test_refusing_guest_looks_like_a_timeout_without_the_monitor(world):
    gateway, uuid = world.gateway, world.uuid("stubborn01")
    vcpu = first_absent(world, "stubborn01")
    gateway.set_slots(uuid, frozenset({vcpu}), present=ADD, side=LIVE)
    with pytest.raises(UnknownOutcome) as caught:
        gateway.set_slots(uuid, frozenset({vcpu}), present=REMOVE, side=LIVE)
    assert caught.value.code == 68
    assert vcpu in gateway.read_domain(uuid).live.present


def test_refusing_guest_is_heard_at_once_with_the_monitor(world):
    gateway, uuid = world.open(monitor=True), world.uuid("stubborn01")
    vcpu = first_absent(world, "stubborn01")
    gateway.set_slots(uuid, frozenset({vcpu}), present=ADD, side=LIVE)
    world.wait_until_used("stubborn01")
    with pytest.raises(GuestRefused) as caught:
        gateway.set_slots(uuid, frozenset({vcpu}), present=REMOVE, side=LIVE)
    assert "ACPI _OST status 128" in caught.value.text
    assert vcpu in gateway.read_domain(uuid).live.present


def test_subscription_tells_what_the_guest_answers(world):
    hints = []
    gateway, uuid = world.open(monitor=True), world.uuid("web01")
    gateway.subscribe(hints.append)
    vcpu = first_absent(world, "web01")
    gateway.set_slots(uuid, frozenset({vcpu}), present=ADD, side=LIVE)
    world.wait_until_used("web01")
    gateway.set_slots(uuid, frozenset({vcpu}), present=REMOVE, side=LIVE)

    def kinds():
        return {hint.kind for hint in hints if hint.uuid == uuid and hint.detail.get("vcpu") == vcpu}

    assert eventually(lambda: kinds() >= {"vcpu_removed", "ost"})
