"""The calls that change slots, shared by the gateway and the pair of functions for scripts."""

from __future__ import annotations

from dataclasses import replace

import libvirt

from domains.hypervisor.calls import translated
from domains.hypervisor.codes import Code
from domains.hypervisor.errors import Change, GatewayError, translate
from domains.vcpu import cpulist
from domains.vcpu.slots import Side

LIVE: int = libvirt.VIR_DOMAIN_AFFECT_LIVE
CONFIG: int = libvirt.VIR_DOMAIN_AFFECT_CONFIG
# A client library older than the host does not name the flag, and passes it on all the same.
_ASYNCHRONOUS: int = getattr(libvirt, "VIR_DOMAIN_SETVCPU_ASYNC_UNPLUG", 4)
_NO_FLAG = 1 << 30  # no driver knows it, and a driver that knows the call looks at its flags first
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
    with translated(replace(change, waits=False)):
        set_vcpu(domain, change.ids, present=change.present, flags=LIVE | _ASYNCHRONOUS)


def can_choose(domain: libvirt.virDomain) -> bool:
    """Find out whether the driver can plug a vCPU by its ID, with a call that nobody can carry out.

    It names no vCPU and has a flag that does not exist, so nothing changes. Raises ``libvirt.libvirtError`` where
    that is no answer: an unknown domain, a read-only connection, one that broke.
    """
    try:
        domain.setVcpu("", 1, _NO_FLAG)
    except libvirt.libvirtError as error:
        code = error.get_error_code()
        answer = type(translate(code, error.get_error_domain(), "")) is GatewayError
        if not answer or code == Code.OPERATION_DENIED:
            raise
        return bool(code != Code.NO_SUPPORT)
    return True


def set_count(domain: libvirt.virDomain, count: int, side: Side) -> None:
    """Ask for a number of vCPUs, on a driver that knows nothing finer."""
    with translated(Change(frozenset(), True, side)):
        domain.setVcpusFlags(count, FLAGS[side])
