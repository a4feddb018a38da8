"""The faults that only the simulated host can be told to have; what it imitates otherwise is in the contract."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from domains.hypervisor.errors import (
    AgentUnavailable,
    ChangeRejected,
    ConnectionLost,
    DomainBusy,
    HostUnreachable,
    UnknownOutcome,
)
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from tests.simulator import SimulatedHost, open_gateway

ID = frozenset({5})


@pytest.fixture
def host(tmp_path) -> SimulatedHost:
    host = SimulatedHost(tmp_path / "host.sqlite3")
    host.tune(unplug_timeout=0.3, lock_wait=0.3)
    return host


@pytest.fixture
def uuid(host) -> str:
    return host.add_domain("web01")


@pytest.fixture
def gateway(host):
    return open_gateway(host.uri, readonly=False)


def live(host, uuid):
    return host.truth(uuid)[Side.LIVE].present


@pytest.mark.parametrize(
    ("executed", "after", "later"), [(False, 0, False), (True, 0, True), (True, 0.3, True)]
)
def test_connection_is_lost_during_a_call(host, uuid, gateway, executed, after, later):
    host.lose_connection(uuid, executed=executed, after=after)
    with pytest.raises(ConnectionLost):
        gateway.set_slots(uuid, ID, present=True, side=Side.LIVE)
    assert (5 in live(host, uuid)) is (executed and not after)
    time.sleep(after + 0.05)
    assert (5 in live(host, uuid)) is later
    assert [(call.ids, call.executed) for call in host.calls()] == [(ID, executed)]


def test_waiting_guest_lets_go_when_it_is_told(host, uuid, gateway):
    gateway.set_slots(uuid, ID, present=True, side=Side.LIVE)
    host.guest(uuid, "waits")
    with pytest.raises(UnknownOutcome):
        gateway.set_slots(uuid, ID, present=False, side=Side.LIVE)
    assert 5 in live(host, uuid)
    host.release(uuid)
    assert 5 not in live(host, uuid)


@pytest.mark.parametrize(("delay", "waits"), [(0.1, False), (0.6, True)])
def test_slow_guest_is_in_time_or_late(host, uuid, gateway, delay, waits):
    gateway.set_slots(uuid, ID, present=True, side=Side.LIVE)
    host.guest(uuid, "cooperates", delay=delay)
    if waits:
        with pytest.raises(UnknownOutcome):
            gateway.set_slots(uuid, ID, present=False, side=Side.LIVE)
        time.sleep(delay)
    else:
        gateway.set_slots(uuid, ID, present=False, side=Side.LIVE)
    assert 5 not in live(host, uuid)


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize(
    ("vcpu", "present", "side"), [(5, True, Side.LIVE), (5, True, Side.CONFIG), (2, False, Side.LIVE)]
)
def test_busy_domain_is_asked_for_nothing(host, gateway, asynchronous, vcpu, present, side):
    uuid = host.add_domain("busy01", present="0-2", removable="2")
    host.tune(asynchronous=asynchronous)
    host.busy(uuid, 5)
    with pytest.raises(DomainBusy) as caught:
        gateway.set_slots(uuid, frozenset({vcpu}), present=present, side=side)
    assert (caught.value.code, caught.value.reason) == (68, Reason.DOMAIN_BUSY)
    assert host.calls() == []


@pytest.mark.parametrize("asynchronous", [True, False])
def test_guest_in_its_firmware_cannot_be_asked(host, uuid, gateway, asynchronous):
    host.tune(asynchronous=asynchronous)
    gateway.set_slots(uuid, ID, present=True, side=Side.LIVE)
    host.guest(uuid, "firmware")
    with pytest.raises(ChangeRejected) as caught:
        gateway.set_slots(uuid, ID, present=False, side=Side.LIVE)
    assert (caught.value.code, caught.value.reason) == (1, Reason.GUEST_NOT_READY)
    assert 5 in live(host, uuid)
    host.guest(uuid, "cooperates")
    gateway.set_slots(uuid, ID, present=False, side=Side.LIVE)
    assert 5 not in live(host, uuid)


def test_unmarked_slot_is_added_and_not_unplugged_by_its_id(host, uuid, gateway):
    host.unmark(uuid, "5-7")
    gateway.set_slots(uuid, ID, present=True, side=Side.LIVE)
    reading = gateway.read_domain(uuid)
    assert (reading.unmarked, reading.live.removable) == ({5, 6, 7}, frozenset())
    with pytest.raises(ChangeRejected) as caught:
        gateway.set_slots(uuid, ID, present=False, side=Side.LIVE)
    assert caught.value.code == 8
    host.stop(uuid)
    assert gateway.read_domain(uuid).unmarked == frozenset()


def test_older_host_holds_the_domain_while_its_guest_is_waited_for(host, uuid, gateway):
    gateway.set_slots(uuid, ID, present=True, side=Side.LIVE)
    host.guest(uuid, "waits")
    host.tune(asynchronous=False, unplug_timeout=2.0)
    with ThreadPoolExecutor(1) as pool:
        removal = pool.submit(gateway.set_slots, uuid, ID, present=False, side=Side.LIVE)
        while len(host.calls()) == 1:
            time.sleep(0.01)
        with pytest.raises(DomainBusy):
            gateway.set_slots(uuid, frozenset({6}), present=True, side=Side.LIVE)
        with pytest.raises(UnknownOutcome):
            removal.result()


@pytest.mark.parametrize(
    ("connected", "hangs", "code"), [(None, False, 74), (False, False, 86), (True, True, 86)]
)
def test_agent_is_away_or_hangs(host, uuid, gateway, connected, hangs, code):
    host.agent(uuid, connected, hangs=hangs)
    assert gateway.read_domain(uuid).agent is connected
    for call in (
        lambda: gateway.read_guest(uuid),
        lambda: gateway.set_online(uuid, frozenset({1}), online=False),
    ):
        with pytest.raises(AgentUnavailable) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (code, Reason.AGENT_UNAVAILABLE)
    host.agent(uuid, True)
    assert gateway.read_guest(uuid).online == {0, 1}


def test_guest_may_wait_to_be_told_to_use_a_new_cpu(host, uuid, gateway):
    host.guest(uuid, brings_online=False)
    gateway.set_slots(uuid, ID, present=True, side=Side.LIVE)
    assert gateway.read_guest(uuid).vcpus == {0, 1, 2}
    assert gateway.read_guest(uuid).online == {0, 1}
    gateway.set_online(uuid, frozenset({2}), online=True)
    assert gateway.read_guest(uuid).online == {0, 1, 2}
    gateway.set_slots(uuid, frozenset({3}), present=True, side=Side.LIVE)
    gateway.set_slots(uuid, ID, present=False, side=Side.LIVE)
    assert gateway.read_guest(uuid).vcpus == {0, 1, 3}  # slot 5's number stays its own
    host.stop(uuid)
    host.start(uuid)
    assert gateway.read_guest(uuid).vcpus == {0, 1}


def test_unreachable_host_takes_no_connection_and_drops_the_open_one(host, uuid, gateway):
    host.tune(reachable=False)
    with pytest.raises(HostUnreachable):
        open_gateway(host.uri, readonly=True)
    with pytest.raises(ConnectionLost):
        gateway.read_domain(uuid)


def test_reading_is_as_old_as_its_delay(host, uuid, gateway):
    host.tune(read_delay=[0.3, 0.3])
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(gateway.read_domain, uuid)
        time.sleep(0.1)
        host.foreign_set(uuid, 5, True, Side.LIVE)
        assert 5 not in reading.result().live.present
    assert 5 in live(host, uuid)


def test_foreign_change_is_in_no_list_of_calls(host, uuid):
    host.foreign_set(uuid, 7, True, Side.CONFIG)
    assert 7 in host.truth(uuid)[Side.CONFIG].removable
    assert host.calls() == []


def test_new_run_has_a_new_id_and_what_its_configuration_says(host, uuid, gateway):
    before = gateway.read_domain(uuid)
    gateway.set_slots(uuid, ID, present=True, side=Side.CONFIG)
    host.stop(uuid)
    assert gateway.read_domain(uuid).live is None
    host.start(uuid)
    after = gateway.read_domain(uuid)
    assert after.libvirt_id != before.libvirt_id
    assert after.cpu_time < before.cpu_time + 10**9
    assert 5 in after.live.removable


def test_processes_share_one_truth_and_lose_nothing(host):
    uuid = host.add_domain("big01", maximum=64, present="0")
    program = """
import sys
from domains.vcpu.slots import Side
from tests.simulator import open_gateway
gateway = open_gateway(sys.argv[1], readonly=False)
for vcpu in range(int(sys.argv[3]), 64, 3):
    gateway.set_slots(sys.argv[2], frozenset({vcpu}), present=True, side=Side.LIVE)
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", program, host.uri, uuid, str(first)]) for first in (1, 2, 3)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]
    assert live(host, uuid) == set(range(64))
    assert len(host.calls()) == 63
