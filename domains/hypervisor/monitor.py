"""A removal that ends as soon as the guest has answered, not only when libvirt stops waiting."""

from __future__ import annotations

import queue
import threading

import libvirt
import libvirt_qemu

from domains.hypervisor.calls import translated
from domains.hypervisor.errors import Change, GatewayError, GuestRefused
from domains.hypervisor.ost import OST_EVENT, OstOutcome, parse_ost
from domains.hypervisor.plug import plug


class MonitoredRemoval:
    """One live removal, watched through QEMU's monitor on the connection that asks for it.

    libvirt reports an x86 guest's refusal as a timeout after seconds; QEMU's event says it at once.
    """

    def __init__(self, connection: libvirt.virConnect, domain: libvirt.virDomain, change: Change) -> None:
        self._connection = connection
        self._domain = domain
        self._change = change
        self._outcomes: queue.SimpleQueue[GatewayError | None] = queue.SimpleQueue()

    def run(self) -> None:
        """Ask for the removal and wait for the first answer: libvirt's, or the guest's refusal.

        Raises ``GuestRefused`` at the event; libvirt's own call then ends by itself in its thread. Otherwise
        raises what the call raised.
        """
        with translated():
            registered = libvirt_qemu.qemuMonitorEventRegister(
                self._connection, self._domain, OST_EVENT, self._on_event, None
            )
        try:
            threading.Thread(target=self._call, name="removal", daemon=True).start()
            outcome = self._outcomes.get()
        finally:
            with translated():
                libvirt_qemu.qemuMonitorEventDeregister(self._connection, registered)
        if outcome is not None:
            raise outcome

    def _call(self) -> None:
        try:
            plug(self._domain, self._change)
        except GatewayError as error:
            self._outcomes.put(error)
        else:
            self._outcomes.put(None)

    def _on_event(self, *arguments: object) -> None:
        details = arguments[5]  # (connection, domain, event, seconds, microseconds, details, opaque)
        answer = parse_ost(details) if isinstance(details, str) else None
        if answer and answer.outcome is OstOutcome.REFUSED and answer.vcpu in self._change.ids:
            self._outcomes.put(GuestRefused(f"The guest answered: {answer.text}."))
