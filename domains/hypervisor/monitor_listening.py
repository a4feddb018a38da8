"""Being told of QEMU's monitor events, where the driver has such a thing."""

from __future__ import annotations

from collections.abc import Callable

import libvirt
import libvirt_qemu

from domains.hypervisor.codes import Code
from domains.hypervisor.monitor_events import MONITOR_EVENTS

# The host has no such events; or the connection listens to them for the same domain already.
UNHEARD = frozenset({Code.NO_SUPPORT, Code.INVALID_ARG})


def begin(
    connection: libvirt.virConnect, domain: libvirt.virDomain | None, callback: Callable[..., None]
) -> list[int]:
    """Have the events about vCPUs handed to ``callback``: of one domain, or of all for None.

    Returns what ``end`` needs: nothing on a host without such events. Raises ``libvirt.libvirtError``.
    """
    registered: list[int] = []
    try:
        for event in MONITOR_EVENTS:
            number = libvirt_qemu.qemuMonitorEventRegister(connection, domain, event, callback, None)
            registered.append(number)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in UNHEARD:
            end(connection, registered)
            raise
    return registered


def end(connection: libvirt.virConnect, registered: list[int]) -> None:
    """Stop the events that ``begin`` started. Raises ``libvirt.libvirtError``."""
    for number in registered:
        libvirt_qemu.qemuMonitorEventDeregister(connection, number)
