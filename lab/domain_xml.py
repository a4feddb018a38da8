"""The libvirt definition of a guest."""

from __future__ import annotations

import os
from xml.etree.ElementTree import Element, SubElement, tostring

from lab.guests import Guest
from lab.settings import Accelerator

# Inside an instance, kernels, initial RAM file systems and console logs are found here.
BOOT_FOLDER = "/var/lib/libvirt/boot"
CONSOLE_FOLDER = "/var/log/guests"

# Without the last four a CPU's way on- and offline is slow and unsteady in an emulated guest.
_X86_CONSOLE = "console=ttyS0 lpj=4000000 tsc=reliable mitigations=off rcupdate.rcu_expedited=1"
_EMULATORS = {"x86_64": "/usr/bin/qemu-system-x86_64", "ppc64le": "/usr/bin/qemu-system-ppc64"}


def domain_xml(guest: Guest, accelerator: Accelerator = "tcg", *, still: bool = False) -> str:
    """Return the definition of `guest` as libvirt takes it; foreign architectures are always emulated.

    `still` is for a QEMU that an emulated guest must not nudge after a removal.
    """
    native = accelerator == "kvm" and guest.architecture == "x86_64"
    domain = Element("domain", type="kvm" if native else "qemu")
    _add(domain, "name", guest.name)
    _add(domain, "uuid", guest.uuid)
    _add(domain, "description", guest.purpose)
    _add(domain, "memory", guest.memory_mib, unit="MiB")
    _add(domain, "vcpu", guest.slots, placement="static", current=guest.present)
    if guest.removable_at_boot:
        _add_slots(domain, guest)
    _add_pinning(domain, guest)
    _add_boot(domain, guest, still=still)
    if guest.architecture == "x86_64":
        _add_features(domain, guest)
    _add_cpu(domain, guest, native=native)
    _add_devices(domain, guest)
    return tostring(domain, encoding="unicode")


def _add(parent: Element, tag: str, text: object = None, **attributes: object) -> Element:
    child = SubElement(parent, tag, {name: str(value) for name, value in attributes.items()})
    if text is not None:
        child.text = str(text)
    return child


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"


def _add_slots(domain: Element, guest: Guest) -> None:
    slots = _add(domain, "vcpus")
    for slot in range(guest.slots):
        present = slot < guest.present
        vcpu = _add(slots, "vcpu", id=slot, enabled=_yes(present), hotpluggable=_yes(slot > 0))
        if present:
            vcpu.set("order", str(slot + 1))


def _add_pinning(domain: Element, guest: Guest) -> None:
    usable = os.sched_getaffinity(0)
    pinned = dict.fromkeys(guest.pinned_first, min(usable)) | dict.fromkeys(guest.pinned_last, max(usable))
    if pinned:
        tuning = _add(domain, "cputune")
        for slot, cpu in sorted(pinned.items()):
            _add(tuning, "vcpupin", vcpu=slot, cpuset=cpu)


def _add_boot(domain: Element, guest: Guest, *, still: bool) -> None:
    boot = _add(domain, "os")
    _add(boot, "type", "hvm", arch=guest.architecture, machine=guest.machine)
    _add(boot, "kernel", f"{BOOT_FOLDER}/vmlinuz-{guest.architecture}")
    _add(boot, "initrd", f"{BOOT_FOLDER}/initrd-{guest.architecture}")
    words = ["console=hvc0" if guest.machine == "pseries" else _X86_CONSOLE]
    if guest.refuses_removal:
        words.append("slotboard.refuse")
    if still:
        words.append("slotboard.still")
    _add(boot, "cmdline", " ".join(words))


def _add_features(domain: Element, guest: Guest) -> None:
    features = _add(domain, "features")
    if guest.machine != "microvm":
        _add(features, "acpi")
    _add(features, "apic")
    if guest.slots > 255:
        _add(features, "ioapic", driver="qemu")


def _add_cpu(domain: Element, guest: Guest, *, native: bool) -> None:
    if native:
        cpu = _add(domain, "cpu", mode="host-passthrough")
    else:
        cpu = _add(domain, "cpu", mode="custom", match="exact", check="none")
        _add(cpu, "model", "POWER9" if guest.machine == "pseries" else "qemu64", fallback="forbid")
    _add(cpu, "topology", sockets=guest.sockets, dies=1, cores=guest.cores, threads=guest.threads)
    if guest.slots > 255 and not native:
        _add(cpu, "feature", policy="require", name="x2apic")
    if guest.numa_cells:
        cells = _add(cpu, "numa")
        memory = guest.memory_mib // len(guest.numa_cells)
        for number, cpus in enumerate(guest.numa_cells):
            _add(cells, "cell", id=number, cpus=cpus, memory=memory, unit="MiB")


def _add_devices(domain: Element, guest: Guest) -> None:
    devices = _add(domain, "devices")
    _add(devices, "emulator", _EMULATORS[guest.architecture])
    _add(devices, "memballoon", model="none")
    serial = _add(devices, "serial", type="file")
    _add(serial, "source", path=f"{CONSOLE_FOLDER}/{guest.name}.log")
    if guest.machine == "q35":
        # Nothing hangs on this controller: the guest toggles it to make QEMU let go of a removed CPU.
        _add(devices, "controller", type="usb", model="qemu-xhci")
    if guest.machine == "microvm":
        # libvirt 9 would give it one of its own, for which this machine has no bus.
        _add(devices, "controller", type="usb", model="none")
    if guest.agent:
        channel = _add(devices, "channel", type="unix")
        _add(channel, "target", type="virtio", name="org.qemu.guest_agent.0")
    if guest.slots > 255:
        _add(_add(devices, "iommu", model="intel"), "driver", intremap="on", eim="on")
