"""The libvirt gateway and the pair of functions on real guests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import libvirt
import pytest

from domains.hypervisor import eventloop
from domains.hypervisor.errors import ConnectionLost, GuestRefused, UnknownOutcome
from domains.hypervisor.events import HintKind
from domains.hypervisor.hotplug import SlotUnavailable, add_vcpu, remove_vcpu
from domains.hypervisor.libvirt_gateway import open_gateway
from domains.vcpu.domainxml import parse
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from tests.lab.consoles import wait_until_used
from tests.waiting import eventually

LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG


@pytest.fixture
def connection(lab):
    eventloop.ensure_running()
    connection = libvirt.open(lab.uri)
    yield connection
    connection.close()


@pytest.fixture
def web01(connection, lab_guest):
    lab_guest("web01")
    return connection.lookupByName("web01")


def slots(domain):
    parsed = parse(
        domain.XMLDesc(0) if domain.isActive() else None,
        domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) if domain.isPersistent() else None,
    )
    return parsed.live, parsed.config


def test_add_and_remove_of_a_specific_vcpu_change_the_live_side_by_default(lab, web01):
    config = slots(web01)[1]
    assert add_vcpu(web01, 9) == 9
    assert 9 in slots(web01)[0].removable
    wait_until_used(lab, "web01")
    assert remove_vcpu(web01, 9) == 9
    assert 9 not in slots(web01)[0].present
    assert slots(web01)[1] == config


def test_minus_one_takes_the_lowest_absent_and_gives_back_the_highest(lab, web01):
    before = slots(web01)[0]
    added = add_vcpu(web01)
    assert added == min(before.absent)
    wait_until_used(lab, "web01")
    assert remove_vcpu(web01) == max(slots(web01)[0].present | {added})
    assert added not in slots(web01)[0].present
    with pytest.raises(SlotUnavailable) as caught:
        remove_vcpu(web01)  # what is left was there at boot
    assert caught.value.refusal.reason is Reason.NOTHING_REMOVABLE


def test_both_sides_take_the_same_slot(lab, web01):
    added = add_vcpu(web01, -1, LIVE | CONFIG)
    assert all(added in side.present for side in slots(web01))
    wait_until_used(lab, "web01")
    assert remove_vcpu(web01, -1, LIVE | CONFIG) == added
    assert all(added not in side.present for side in slots(web01))


def test_two_callers_of_minus_one_get_different_slots(lab, web01):
    with ThreadPoolExecutor(2) as pool:
        added = list(pool.map(lambda _: add_vcpu(web01, -1, LIVE), range(2)))
    assert len(set(added)) == 2
    wait_until_used(lab, "web01")
    for vcpu in added:
        remove_vcpu(web01, vcpu)
    assert not slots(web01)[0].present & set(added)


@pytest.mark.parametrize(("vcpu", "code"), [(0, 84), (1, 84), (31, 8), (32, 8), (99, 8)])
def test_libvirts_own_refusals_come_through(web01, vcpu, code):
    before = slots(web01)
    with pytest.raises(libvirt.libvirtError) as caught:
        remove_vcpu(web01, vcpu, LIVE)
    assert caught.value.get_error_code() == code
    assert slots(web01) == before


def test_current_is_the_configuration_of_a_guest_that_is_off(connection, lab_guest):
    lab_guest("batch01")
    domain = connection.lookupByName("batch01")
    added = add_vcpu(domain)
    assert added in slots(domain)[1].removable
    assert remove_vcpu(domain, added) == added
    assert added not in slots(domain)[1].present
    with pytest.raises(libvirt.libvirtError) as caught:
        add_vcpu(domain, 5, LIVE)
    assert caught.value.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID


def test_whole_cores_are_plugged_by_their_first_id(lab, connection, lab_guest):
    lab_guest("power01")
    domain = connection.lookupByName("power01")
    assert add_vcpu(domain) == 8
    assert slots(domain)[0].removable >= {8, 9, 10, 11}
    wait_until_used(lab, "power01")
    with pytest.raises(libvirt.libvirtError) as caught:
        remove_vcpu(domain, 9)
    assert caught.value.get_error_code() == libvirt.VIR_ERR_INVALID_ARG
    assert remove_vcpu(domain) == 8
    assert slots(domain)[0].present == set(range(8))


def test_microvm_with_an_added_slot_in_its_configuration_would_not_start(connection, lab_guest):
    """Why the rules refuse what libvirt takes: the guest is lost at its next start."""
    lab_guest("old01")
    xml = connection.lookupByName("old01").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    name = f"old-{os.getpid()}"
    uuid = xml[xml.index("<uuid>") : xml.index("</uuid>") + len("</uuid>")]
    domain = connection.defineXML(xml.replace("old01", name).replace(uuid, ""))
    try:
        domain.setVcpu("1", 1, CONFIG)
        with pytest.raises(libvirt.libvirtError, match="missing hotplug data"):
            domain.create()
    finally:
        domain.undefine()


def test_connection_is_refused_in_a_forked_child(lab):
    program = """
import os, sys
from domains.hypervisor.errors import ForkedProcess
from domains.hypervisor.libvirt_gateway import open_gateway
gateway = open_gateway(sys.argv[1], readonly=True)
child = os.fork()
if child == 0:
    try:
        gateway.read_statistics()
    except ForkedProcess:
        os._exit(0)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
assert gateway.read_host().hypervisor == "QEMU"
"""
    command = [sys.executable, "-W", "ignore", "-c", program, lab.uri]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_events_tell_of_a_pause_and_of_metadata(lab, lab_guest):
    lab_guest("web01")
    hints = []
    gateway = open_gateway(lab.uri, readonly=True)
    gateway.subscribe(hints.append)
    lab.virsh("suspend", "web01")
    lab.virsh("resume", "web01")
    element = ("--uri", "http://example.org/slotboard-test", "--key", "t")
    lab.virsh("metadata", "web01", *element, "--set", "<t/>", "--live")
    lab.virsh("metadata", "web01", *element, "--remove", "--live")

    def seen():
        return {(hint.kind, hint.detail.get("event")) for hint in hints}

    suspended, resumed = libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_RESUMED
    wanted = {(HintKind.LIFECYCLE, suspended), (HintKind.LIFECYCLE, resumed), (HintKind.METADATA, None)}
    assert eventually(lambda: seen() >= wanted)
    gateway.close()
    count = len(hints)
    lab.virsh("suspend", "web01")
    lab.virsh("resume", "web01")
    time.sleep(0.5)
    assert len(hints) == count


def test_statistics_do_not_wait_for_a_guest_that_does_not_let_go(lab, lab_guest):
    lab_guest("idle01")
    changing, watching = open_gateway(lab.uri, readonly=False), open_gateway(lab.uri, readonly=True)
    uuid = next(row.uuid for row in watching.read_statistics() if row.name == "idle01")
    vcpu = min(watching.read_domain(uuid).live.absent)
    changing.set_slots(uuid, frozenset({vcpu}), present=True, side=Side.LIVE)
    failures = []

    def remove():
        try:
            changing.set_slots(uuid, frozenset({vcpu}), present=False, side=Side.LIVE)
        except UnknownOutcome as error:
            failures.append(error)

    thread = threading.Thread(target=remove)
    thread.start()
    time.sleep(0.5)
    row = next(row for row in watching.read_statistics() if row.uuid == uuid)
    assert thread.is_alive()
    assert vcpu in row.present
    thread.join()
    assert len(failures) == 1
    changing.close()
    watching.close()


def test_monitored_removal_leaves_the_domain_readable_while_the_guest_thinks(lab, lab_guest):
    lab_guest("idle01")
    changing, watching = (
        open_gateway(lab.uri, readonly=False, monitor=True),
        open_gateway(lab.uri, readonly=True),
    )
    uuid = next(row.uuid for row in watching.read_statistics() if row.name == "idle01")
    vcpu = min(watching.read_domain(uuid).live.absent)
    changing.set_slots(uuid, frozenset({vcpu}), present=True, side=Side.LIVE)
    with ThreadPoolExecutor(1) as pool:
        removal = pool.submit(changing.set_slots, uuid, frozenset({vcpu}), present=False, side=Side.LIVE)
        time.sleep(0.5)
        assert vcpu in watching.read_domain(uuid).live.present
        assert not removal.done()
        with pytest.raises(UnknownOutcome) as caught:
            removal.result()
    assert caught.value.code == libvirt.VIR_ERR_OPERATION_TIMEOUT
    changing.close()
    watching.close()


def test_monitored_removal_works_on_hosts_that_only_know_the_blocking_call(lab, lab_guest, monkeypatch):
    monkeypatch.setattr("domains.hypervisor.libvirt_gateway._ASYNCHRONOUS_SINCE", 10**12)
    lab_guest("web01")
    lab_guest("stubborn01")
    gateway = open_gateway(lab.uri, readonly=False, monitor=True)
    assert gateway.read_host().asynchronous is False
    uuids = {row.name: row.uuid for row in gateway.read_statistics()}
    added = {}
    for name in ("web01", "stubborn01"):
        added[name] = frozenset({min(gateway.read_domain(uuids[name]).live.absent)})
        gateway.set_slots(uuids[name], added[name], present=True, side=Side.LIVE)
        wait_until_used(lab, name)
    gateway.set_slots(uuids["web01"], added["web01"], present=False, side=Side.LIVE)
    assert not gateway.read_domain(uuids["web01"]).live.present & added["web01"]
    with pytest.raises(GuestRefused):
        gateway.set_slots(uuids["stubborn01"], added["stubborn01"], present=False, side=Side.LIVE)
    gateway.close()


def test_frozen_daemon_is_a_lost_connection_and_never_a_refusal(lab):
    gateway = open_gateway(lab.uri, readonly=True)
    daemon = lab.process_of("libvirtd")
    os.kill(daemon, signal.SIGSTOP)
    try:
        with pytest.raises(ConnectionLost) as caught:
            gateway.read_statistics()
    finally:
        os.kill(daemon, signal.SIGCONT)
    assert caught.value.reason is Reason.INTERRUPTED
    assert not gateway.alive
    fresh = open_gateway(lab.uri, readonly=True)
    assert fresh.read_host().hypervisor == "QEMU"
    fresh.close()
