"""The one call that changes a slot, shared by the gateway and the pair of functions for scripts."""

from __future__ import annotations

import libvirt

from domains.hypervisor.calls import translated
from domains.hypervisor.errors import Change
from domains.vcpu import cpulist
from domains.vcpu.slots import Side

LIVE: int = libvirt.VIR_DOMAIN_AFFECT_LIVE
CONFIG: int = libvirt.VIR_DOMAIN_AFFECT_CONFIG
# A client library older than the host does not name the flag, and passes it on all the same.
_ASYNCHRONOUS: int = getattr(libvirt, "VIR_DOMAIN_SETVCPU_ASYNC_UNPLUG", 4)
FLAGS = {Side.LIVE: LIVE, Side.CONFIG: CONFIG}


def plug(domain: libvirt.virDomain, change: Change) -> None:
    """Carry out one change and raise our own errors for what libvirt says."""
    with translated(change):
        set_vcpu(domain, change.ids, present=change.present, flags=FLAGS[change.side])


def set_vcpu(domain: libvirt.virDomain, ids: frozenset[int], *, present: bool, flags: int) -> None:
    """Call libvirt's own function with a list of IDs. Raises ``libvirt.libvirtError``."""
    domain.setVcpu(cpulist.dump(ids), int(present), flags)


def plug_asynchronously(domain: libvirt.virDomain, change: Change) -> None:
    """Ask for a live removal without waiting for the guest. Needs a host that knows the flag."""
    with translated(change):
        set_vcpu(domain, change.ids, present=change.present, flags=LIVE | _ASYNCHRONOUS)
