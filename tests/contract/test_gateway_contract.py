"""What the simulated host answers is what the real one answers: error class, code, reason and the state after it."""

from __future__ import annotations

import pytest

from domains.hypervisor.errors import (
    ChangeRejected,
    DomainNotFound,
    GatewayError,
)
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action, refusal
from tests.contract.views import CONFIG, LIVE, first_absent, view_of

ADD, REMOVE = True, False

# name, IDs, present, side, libvirt's code, the reason by the code alone, the reason by the rules on a fresh reading
REJECTED = [
    ("web01", {3}, ADD, LIVE, 8, Reason.HYPERVISOR_ERROR, Reason.ALREADY_PRESENT),
    ("web01", {20}, REMOVE, LIVE, 8, Reason.HYPERVISOR_ERROR, Reason.ALREADY_ABSENT),
    ("web01", {20, 21}, ADD, LIVE, 84, Reason.HYPERVISOR_ERROR, Reason.INVALID_REQUEST),
    ("web01", {1}, REMOVE, LIVE, 84, Reason.HYPERVISOR_ERROR, Reason.NOT_REMOVABLE),
    ("web01", {0}, REMOVE, LIVE, 84, Reason.HYPERVISOR_ERROR, Reason.VCPU0_FIXED),
    ("web01", {0}, REMOVE, CONFIG, 8, Reason.HYPERVISOR_ERROR, Reason.VCPU0_FIXED),
    ("web01", {1}, REMOVE, CONFIG, 8, Reason.HYPERVISOR_ERROR, Reason.FOLLOWED_BY_FIXED),
    ("web01", {99}, ADD, LIVE, 8, Reason.HYPERVISOR_ERROR, Reason.OUT_OF_RANGE),
    ("web01", {99}, ADD, CONFIG, 8, Reason.HYPERVISOR_ERROR, Reason.OUT_OF_RANGE),
    ("web01", {4096}, ADD, LIVE, 8, Reason.HYPERVISOR_ERROR, Reason.OUT_OF_RANGE),
    ("web01", set(), ADD, LIVE, 8, Reason.HYPERVISOR_ERROR, Reason.INVALID_REQUEST),
    ("batch01", {5}, ADD, LIVE, 55, Reason.DOMAIN_NOT_RUNNING, Reason.DOMAIN_NOT_RUNNING),
    ("batch01", {1}, REMOVE, LIVE, 55, Reason.DOMAIN_NOT_RUNNING, Reason.DOMAIN_NOT_RUNNING),
    ("fleeting01", {5}, ADD, CONFIG, 55, Reason.DOMAIN_NOT_PERSISTENT, Reason.DOMAIN_NOT_PERSISTENT),
    ("old01", {1}, ADD, LIVE, 84, Reason.HOTPLUG_UNSUPPORTED, Reason.HOTPLUG_UNSUPPORTED),
    ("power01", {8}, ADD, LIVE, 8, Reason.HYPERVISOR_ERROR, Reason.PARTIAL_UNIT),
    ("power01", {17, 18}, ADD, LIVE, 8, Reason.HYPERVISOR_ERROR, Reason.PARTIAL_UNIT),
    ("power01", set(range(8, 16)), ADD, LIVE, 84, Reason.HYPERVISOR_ERROR, Reason.INVALID_REQUEST),
    ("power01", {0, 1, 2, 3}, REMOVE, LIVE, 84, Reason.HYPERVISOR_ERROR, Reason.VCPU0_FIXED),
    ("power01", {4, 5, 6, 7}, REMOVE, LIVE, 84, Reason.HYPERVISOR_ERROR, Reason.NOT_REMOVABLE),
]


@pytest.mark.parametrize(("name", "ids", "present", "side", "code", "by_code", "by_rules"), REJECTED)
def test_rejected_change_has_its_code_and_changes_nothing(
    world, name, ids, present, side, code, by_code, by_rules
):
    uuid = world.uuid(name)
    before = world.gateway.read_domain(uuid)
    with pytest.raises(GatewayError) as caught:
        world.gateway.set_slots(uuid, frozenset(ids), present=present, side=side)
    assert type(caught.value) is ChangeRejected
    assert (caught.value.code, caught.value.reason) == (code, by_code)
    assert caught.value.text
    after = world.gateway.read_domain(uuid)
    assert (after.live, after.config) == (before.live, before.config)
    refused = refusal(view_of(after), Action.ADD if present else Action.REMOVE, frozenset(ids), side)
    assert refused.reason is by_rules


def test_unknown_domain_is_not_found(world):
    for call in (
        lambda: world.gateway.read_domain(world.uuid("unknown")),
        lambda: world.gateway.set_slots(world.uuid("unknown"), frozenset({5}), present=ADD, side=LIVE),
    ):
        with pytest.raises(DomainNotFound) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (42, Reason.DOMAIN_NOT_FOUND)


def test_read_only_connection_reads_and_does_not_write(world):
    gateway = world.open(readonly=True)
    uuid = world.uuid("web01")
    assert gateway.read_domain(uuid).live.maximum == 32
    assert {row.name for row in gateway.read_statistics()} >= {"web01", "batch01", "old01"}
    with pytest.raises(ChangeRejected) as caught:
        gateway.set_slots(uuid, frozenset({20}), present=ADD, side=LIVE)
    assert caught.value.code == 29


def test_host_says_what_it_can(world):
    reading = world.gateway.read_host()
    assert (reading.hypervisor, reading.specific, reading.asynchronous) == ("QEMU", True, True)
    assert reading.libvirt_version >= 12_004_000
    assert reading.cpus >= 1


@pytest.mark.parametrize(
    ("name", "unit", "hotplug", "persistent", "running", "maximum"),
    [
        ("web01", 1, True, True, True, 32),
        ("batch01", 1, True, True, False, 8),
        ("fleeting01", 1, True, False, True, 8),
        ("power01", 4, True, True, True, 32),
        ("old01", 1, False, True, True, 2),
    ],
)
def test_reading_tells_what_kind_of_domain_it_is(world, name, unit, hotplug, persistent, running, maximum):
    reading = world.gateway.read_domain(world.uuid(name))
    assert (reading.name, reading.unit_size, reading.hotplug) == (name, unit, hotplug)
    assert reading.persistent is persistent is (reading.config is not None)
    assert running is (reading.live is not None) is (reading.libvirt_id is not None)
    assert running is (reading.cpu_time is not None)
    assert (reading.live or reading.config).maximum == maximum
    assert 0 in (reading.live or reading.config).fixed


def test_statistics_agree_with_the_readings(world):
    rows = {row.name: row for row in world.gateway.read_statistics()}
    for name in ("web01", "batch01", "idle01"):
        reading = world.gateway.read_domain(rows[name].uuid)
        slots = reading.live or reading.config
        assert (rows[name].current, rows[name].maximum) == (len(slots.present), slots.maximum)
        assert rows[name].state is reading.state
        assert rows[name].libvirt_id == reading.libvirt_id
        assert rows[name].present == (reading.live.present if reading.live else None)
        assert (rows[name].cpu_time or 0) <= (reading.cpu_time or 0)


def test_times_of_vcpus_are_told_of_the_domains_that_are_named(world):
    rows = {row.name: row for row in world.gateway.read_statistics({world.uuid("web01")})}
    assert rows["web01"].vcpu_time.keys() == rows["web01"].present
    assert rows["web01"].vcpu_waited.keys() == rows["web01"].present
    assert sum(rows["web01"].vcpu_time.values()) > 0
    assert (rows["idle01"].vcpu_time, rows["idle01"].vcpu_waited) == ({}, {})


@pytest.mark.parametrize("monitor", [False, True])
def test_cooperating_guest_takes_a_slot_and_gives_it_back(world, monitor):
    gateway, uuid = world.open(monitor=monitor), world.uuid("web01")
    vcpu = first_absent(world, "web01", LIVE, CONFIG)
    config = gateway.read_domain(uuid).config
    gateway.set_slots(uuid, frozenset({vcpu}), present=ADD, side=LIVE)
    added = gateway.read_domain(uuid)
    assert vcpu in added.live.removable
    assert added.config == config
    world.wait_until_used("web01")
    gateway.set_slots(uuid, frozenset({vcpu}), present=REMOVE, side=LIVE)
    assert vcpu not in gateway.read_domain(uuid).live.present


def test_config_change_leaves_the_running_guest_alone(world):
    gateway, uuid = world.gateway, world.uuid("web01")
    vcpu = first_absent(world, "web01", LIVE, CONFIG)
    live = gateway.read_domain(uuid).live
    gateway.set_slots(uuid, frozenset({vcpu}), present=ADD, side=CONFIG)
    assert vcpu in gateway.read_domain(uuid).config.removable
    gateway.set_slots(uuid, frozenset({vcpu}), present=ADD, side=CONFIG)  # asked again it stays so
    gateway.set_slots(uuid, frozenset({vcpu}), present=REMOVE, side=CONFIG)
    after = gateway.read_domain(uuid)
    assert vcpu not in after.config.present
    assert after.live == live


def test_config_takes_several_slots_in_one_call(world):
    gateway, uuid = world.gateway, world.uuid("batch01")
    gateway.set_slots(uuid, frozenset({4, 6, 7}), present=ADD, side=CONFIG)
    assert gateway.read_domain(uuid).config.removable >= {4, 6, 7}
    gateway.set_slots(uuid, frozenset({4, 6, 7}), present=REMOVE, side=CONFIG)
    assert not gateway.read_domain(uuid).config.present & {4, 6, 7}


def test_config_add_of_a_fixed_slot_makes_it_removable(world):
    gateway, uuid = world.gateway, world.uuid("batch01")
    gateway.set_slots(uuid, frozenset({1}), present=ADD, side=CONFIG)
    assert gateway.read_domain(uuid).config.removable >= {1}


def test_whole_core_is_plugged_together(world):
    gateway, uuid, core = world.gateway, world.uuid("power01"), frozenset({8, 9, 10, 11})
    gateway.set_slots(uuid, core, present=ADD, side=LIVE)
    assert gateway.read_domain(uuid).live.removable >= core
    world.wait_until_used("power01")
    gateway.set_slots(uuid, core, present=REMOVE, side=LIVE)
    assert not gateway.read_domain(uuid).live.present & core


def test_foreign_change_is_seen_by_the_next_reading(world):
    gateway, uuid = world.gateway, world.uuid("web01")
    world.foreign_set("web01", 30, present=True, side=CONFIG)
    assert 30 in gateway.read_domain(uuid).config.present
    world.foreign_set("web01", 30, present=False, side=CONFIG)
    assert 30 not in gateway.read_domain(uuid).config.present


def test_closed_gateway_says_so(world):
    gateway = world.open()
    gateway.close()
    gateway.close()
    with pytest.raises(GatewayError):
        gateway.read_statistics()
