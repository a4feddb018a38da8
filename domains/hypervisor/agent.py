"""What is asked of a guest's own kernel, through the guest agent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from domains.hypervisor.calls import translated
from domains.hypervisor.codes import Code
from domains.hypervisor.errors import (
    AgentUnavailable,
    ChangeRejected,
    ConnectionLost,
    DomainNotFound,
    GatewayError,
    translate,
)
from domains.hypervisor.gateway import GuestReading
from domains.vcpu import cpulist
from domains.vcpu.reasons import Reason

_SILENT = frozenset(
    {
        Code.ARGUMENT_UNSUPPORTED,  # no agent is configured
        Code.AGENT_UNRESPONSIVE,
        Code.AGENT_UNSYNCED,
        Code.AGENT_COMMAND_TIMEOUT,
        Code.AGENT_COMMAND_FAILED,
        Code.NO_SUPPORT,
    }
)
# The guest's own "no" to switching a CPU off. libvirt looks before it asks and says 84; the others are the agent's.
_REFUSED = frozenset(
    {Code.OPERATION_UNSUPPORTED, Code.INTERNAL_ERROR, Code.OPERATION_FAILED, Code.AGENT_COMMAND_FAILED}
)


def read_guest(domain: libvirt.virDomain) -> GuestReading:
    """Ask the guest which CPUs it has and uses, see the protocol."""
    with _asking(domain):
        told = domain.guestVcpus()
        if told is None:
            # The binding's way of failing here; its exception picks up what libvirt said last in this thread.
            raise libvirt.libvirtError("virDomainGetGuestVcpus() failed")
    try:
        return GuestReading(
            vcpus=cpulist.load(told.get("vcpus", "")),
            online=cpulist.load(told.get("online", "")),
            offlinable=cpulist.load(told.get("offlinable", "")),
        )
    except ValueError as error:
        raise GatewayError(f"The guest's agent answered what is no list of CPUs: {error}") from error


def set_online(domain: libvirt.virDomain, cpus: frozenset[int], *, online: bool) -> None:
    """Have the guest use these of its CPUs, or use them no more, see the protocol."""
    with _asking(domain, online=online):
        domain.setGuestVcpus(cpulist.dump(cpus), int(online))


def agent_failed(code: int | None, origin: int | None, text: str, *, online: bool | None) -> GatewayError:
    """Turn libvirt's error about a question to the agent into ours. ``online`` is None for a reading."""
    known = translate(code, origin, text)
    if isinstance(known, ConnectionLost | DomainNotFound):
        return known
    if online is False and code in _REFUSED:
        return ChangeRejected(text, code=code, reason=Reason.NOT_OFFLINABLE)
    if code in _SILENT and not (online is True and code == Code.AGENT_COMMAND_FAILED):
        return AgentUnavailable(text, code=code)
    return known if online is None else ChangeRejected(text, code=code)


@contextmanager
def _asking(domain: libvirt.virDomain, *, online: bool | None = None) -> Iterator[None]:
    try:
        yield
    except libvirt.libvirtError as error:
        code, origin, text = error.get_error_code(), error.get_error_domain(), str(error)
        if code == Code.OPERATION_INVALID:
            raise AgentUnavailable(text, code=code, reason=_why_invalid(domain)) from error
        raise agent_failed(code, origin, text, online=online) from error


def _why_invalid(domain: libvirt.virDomain) -> Reason:
    """libvirt calls every guest "not running" that is not running right now, a paused one too."""
    with translated():
        state: int = domain.state()[0]
        if state == libvirt.VIR_DOMAIN_PAUSED:
            return Reason.GUEST_PAUSED
        return Reason.AGENT_UNAVAILABLE if domain.isActive() else Reason.DOMAIN_NOT_RUNNING
