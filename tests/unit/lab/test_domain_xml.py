from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest

from lab.domain_xml import domain_xml
from lab.errors import LabError
from lab.guests import BY_NAME, GUESTS, Rest, named

SIZES = {
    "web01": (32, 4),
    "db01": (128, 4),
    "stubborn01": (16, 2),
    "idle01": (16, 2),
    "quiet01": (8, 2),
    "batch01": (8, 2),
    "fleeting01": (8, 2),
    "power01": (32, 8),
    "old01": (2, 1),
    "big01": (4096, 8),
}


def parsed(name: str, accelerator="tcg") -> Element:
    return fromstring(domain_xml(BY_NAME[name], accelerator))  # noqa: S314 - our own


def only(element: Element, path: str) -> Element:
    (found,) = element.findall(path)
    return found


def test_table_holds_the_guests_that_others_count_on():
    assert {guest.name: (guest.slots, guest.present) for guest in GUESTS} == SIZES
    resting = {guest.name: guest.rest for guest in GUESTS if guest.rest is not Rest.RUNNING}
    assert resting == {"idle01": Rest.PAUSED, "batch01": Rest.SHUT_OFF, "big01": Rest.SHUT_OFF}
    assert [guest.name for guest in GUESTS if not guest.persistent] == ["fleeting01"]
    assert [guest.name for guest in GUESTS if guest.refuses_removal] == ["stubborn01"]


@pytest.mark.parametrize("guest", GUESTS, ids=lambda guest: guest.name)
def test_every_definition_has_the_tables_size_and_a_topology_that_adds_up(guest):
    domain = parsed(guest.name)
    vcpu = only(domain, "vcpu")
    assert (int(vcpu.text or ""), int(vcpu.get("current", ""))) == SIZES[guest.name]
    topology = only(domain, "cpu/topology").attrib
    sockets, dies, cores, threads = (int(topology[key]) for key in ("sockets", "dies", "cores", "threads"))
    assert sockets * dies * cores * threads == guest.slots


def test_uuids_are_the_same_everywhere_and_differ_between_guests():
    assert only(parsed("web01"), "uuid").text == "1de06c25-2d1c-5e73-8c2d-f58cbbc21a15"
    assert len({guest.uuid for guest in GUESTS}) == len(GUESTS)


def test_web01_has_two_cells_that_hold_every_slot_and_pinning():
    domain = parsed("web01")
    cells = domain.findall("cpu/numa/cell")
    assert [cell.get("cpus") for cell in cells] == ["0-15", "16-31"]
    assert sum(int(cell.get("memory", "")) for cell in cells) == int(only(domain, "memory").text or "")
    assert [pin.get("vcpu") for pin in domain.findall("cputune/vcpupin")] == ["0", "1", "5"]


def test_db01_lists_its_slots_and_fixes_only_the_first():
    slots = [vcpu.attrib for vcpu in parsed("db01").findall("vcpus/vcpu")]
    assert [slot["id"] for slot in slots] == [str(number) for number in range(128)]
    assert [slot["id"] for slot in slots if slot["enabled"] == "yes"] == ["0", "1", "2", "3"]
    assert [slot["id"] for slot in slots if slot["hotpluggable"] == "no"] == ["0"]
    assert not parsed("web01").findall("vcpus")


def test_agent_is_where_the_table_says():
    without = {guest.name for guest in GUESTS if not parsed(guest.name).findall("devices/channel")}
    assert without == {"quiet01", "power01", "old01"}


def test_only_stubborn01_is_told_to_refuse():
    told = {g.name for g in GUESTS if "slotboard.refuse" in (only(parsed(g.name), "os/cmdline").text or "")}
    assert told == {"stubborn01"}


def test_guests_of_an_old_qemu_are_told_to_keep_still():
    for still in (True, False):
        boot = fromstring(domain_xml(BY_NAME["web01"], still=still)).find("os/cmdline")  # noqa: S314 - our own
        assert boot is not None
        assert ("slotboard.still" in (boot.text or "").split()) is still


def test_machines_differ_where_the_case_needs_it():
    kinds = {guest.name: only(parsed(guest.name), "os/type").attrib for guest in GUESTS}
    assert kinds["power01"] == {"arch": "ppc64le", "machine": "pseries"}
    assert kinds["old01"] == {"arch": "x86_64", "machine": "microvm"}
    assert kinds["web01"] == {"arch": "x86_64", "machine": "q35"}
    big = parsed("big01")
    assert only(big, "features/ioapic").get("driver") == "qemu"
    assert only(big, "devices/iommu/driver").attrib == {"intremap": "on", "eim": "on"}


def test_microvm_asks_for_no_controller_that_needs_a_bus():
    (controller,) = parsed("old01").findall("devices/controller")
    assert controller.attrib == {"type": "usb", "model": "none"}


def test_kvm_is_used_only_where_the_machine_can():
    assert parsed("web01").get("type") == "qemu"
    assert parsed("web01", "kvm").get("type") == "kvm"
    assert only(parsed("web01", "kvm"), "cpu").get("mode") == "host-passthrough"
    assert parsed("power01", "kvm").get("type") == "qemu"


def test_names_choose_guests_in_the_tables_order():
    assert [guest.name for guest in named(("idle01", "web01"))] == ["web01", "idle01"]
    assert named(()) == GUESTS
    with pytest.raises(LabError, match="web99"):
        named(("web01", "web99"))
