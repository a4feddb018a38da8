"""What the guest's own kernel says, and what it does when told: simulated and real."""

from __future__ import annotations

import pytest

from domains.hypervisor.errors import AgentUnavailable, ChangeRejected, GatewayError
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from tests.contract.views import first_absent
from tests.waiting import eventually

BOOT = frozenset({0, 1, 2, 3})


def test_guest_tells_its_own_cpus(world):
    reading = world.gateway.read_guest(world.uuid("web01"))
    assert reading.online <= reading.vcpus >= BOOT
    assert reading.offlinable == reading.vcpus - {0}


def test_guest_switches_a_cpu_off_and_on_again(world):
    gateway, uuid = world.gateway, world.uuid("web01")
    present = gateway.read_domain(uuid).live
    gateway.set_online(uuid, frozenset({2, 3}), online=False)
    assert not gateway.read_guest(uuid).online & {2, 3}
    assert gateway.read_guest(uuid).vcpus >= {2, 3}
    assert gateway.read_domain(uuid).live == present
    gateway.set_online(uuid, frozenset({2}), online=False)  # asked again it stays so
    gateway.set_online(uuid, frozenset({0, 1, 2, 3}), online=True)
    assert gateway.read_guest(uuid).online >= BOOT


@pytest.mark.parametrize(
    ("cpus", "online", "code", "reason"),
    [
        ({0}, False, 84, Reason.NOT_OFFLINABLE),
        ({0, 1}, False, 84, Reason.NOT_OFFLINABLE),
        ({900}, False, 8, Reason.HYPERVISOR_ERROR),
        ({900}, True, 8, Reason.HYPERVISOR_ERROR),
        (set(), True, 8, Reason.HYPERVISOR_ERROR),
    ],
)
def test_guest_says_no_and_changes_nothing(world, cpus, online, code, reason):
    gateway, uuid = world.gateway, world.uuid("web01")
    before = gateway.read_guest(uuid)
    with pytest.raises(ChangeRejected) as caught:
        gateway.set_online(uuid, frozenset(cpus), online=online)
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert gateway.read_guest(uuid) == before


def test_guest_numbers_its_cpus_by_the_order_in_which_they_came(world):
    gateway, uuid = world.gateway, world.uuid("web01")
    before = gateway.read_guest(uuid).vcpus
    slots = [first_absent(world, "web01")]
    gateway.set_slots(uuid, frozenset(slots), present=True, side=Side.LIVE)
    assert eventually(lambda: len(gateway.read_guest(uuid).online) == len(before) + 1)
    (number,) = gateway.read_guest(uuid).vcpus - before
    world.wait_until_used("web01")
    gateway.set_slots(uuid, frozenset(slots), present=False, side=Side.LIVE)
    assert eventually(lambda: gateway.read_guest(uuid).vcpus == before)
    gateway.set_slots(uuid, frozenset(slots), present=True, side=Side.LIVE)
    assert eventually(lambda: gateway.read_guest(uuid).online == before | {number})  # its earlier number
    world.wait_until_used("web01")
    gateway.set_slots(uuid, frozenset(slots), present=False, side=Side.LIVE)


@pytest.mark.parametrize(
    ("name", "codes", "reason"),
    [
        ("idle01", {55}, Reason.GUEST_PAUSED),
        ("batch01", {55}, Reason.DOMAIN_NOT_RUNNING),
        ("old01", {74, 86}, Reason.AGENT_UNAVAILABLE),
    ],
)
def test_guest_that_cannot_be_asked_says_why(world, name, codes, reason):
    for call in (
        lambda: world.gateway.read_guest(world.uuid(name)),
        lambda: world.gateway.set_online(world.uuid(name), frozenset({1}), online=False),
    ):
        with pytest.raises(AgentUnavailable) as caught:
            call()
        assert caught.value.code in codes
        assert caught.value.reason is reason


def test_read_only_connection_does_not_reach_the_guest(world):
    gateway, uuid = world.open(readonly=True), world.uuid("web01")
    for call in (
        lambda: gateway.read_guest(uuid),
        lambda: gateway.set_online(uuid, frozenset({1}), online=False),
    ):
        with pytest.raises(GatewayError) as caught:
            call()
        assert caught.value.code == 29


def test_asking_whether_the_host_can_choose_changes_nothing(world):
    gateway = world.gateway
    for name in ("web01", "batch01", "old01"):
        before = gateway.read_domain(world.uuid(name))
        assert gateway.can_choose(world.uuid(name)) is True
        after = gateway.read_domain(world.uuid(name))
        assert (after.live, after.config) == (before.live, before.config)
    assert world.open(readonly=True).read_host().specific is None


def test_count_is_no_way_around_the_choice(world):
    before = world.gateway.read_domain(world.uuid("web01"))
    with pytest.raises(ChangeRejected) as caught:
        world.gateway.set_count(world.uuid("web01"), 6, side=Side.LIVE)
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert world.gateway.read_domain(world.uuid("web01")).live == before.live
