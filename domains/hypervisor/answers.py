"""Listening to what a guest answers to one removal."""

from __future__ import annotations

import logging
from collections.abc import Callable

import libvirt

from domains.hypervisor import monitor_listening
from domains.hypervisor.calls import translated
from domains.hypervisor.errors import GatewayError
from domains.hypervisor.monitor_events import MonitorEvent, read_event, read_failure

logger = logging.getLogger(__name__)


class Answers:
    """The events about some vCPUs of one domain, handed over in libvirt's event thread until ended."""

    def __init__(
        self,
        connection: libvirt.virConnect,
        domain: libvirt.virDomain,
        ids: frozenset[int],
        told: Callable[[MonitorEvent], None],
    ) -> None:
        self._connection = connection
        self._domain = domain
        self._ids = ids
        self._told = told
        self._ids_of_events: list[int] = []
        self._ids_of_monitor: list[int] = []

    def begin(self, *, monitor: bool) -> None:
        """Listen to libvirt's own event, and with ``monitor`` to QEMU's, as far as the host has them.

        One connection listens once to a domain: a second removal there at the same time hears nothing.
        """
        try:
            with translated():
                self._ids_of_events = self._begin_events()
                if monitor:
                    self._ids_of_monitor = monitor_listening.begin(
                        self._connection, self._domain, self._on_monitor
                    )
        except GatewayError:
            self.end()
            raise

    def end(self) -> None:
        """Stop listening. On a connection that has broken meanwhile there is nothing left to stop."""
        events, self._ids_of_events = self._ids_of_events, []
        monitor, self._ids_of_monitor = self._ids_of_monitor, []
        try:
            for number in events:
                self._connection.domainEventDeregisterAny(number)
            monitor_listening.end(self._connection, monitor)
        except libvirt.libvirtError as error:
            logger.debug("Could not stop listening to a removal: %s", error)

    def _begin_events(self) -> list[int]:
        event = libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED
        try:
            return [self._connection.domainEventRegisterAny(self._domain, event, self._on_failure, None)]
        except libvirt.libvirtError as error:
            if error.get_error_code() not in monitor_listening.UNHEARD:
                raise
            return []

    def _on_monitor(self, *arguments: object) -> None:
        # (connection, domain, event, seconds, microseconds, details, opaque)
        self._hand_on(read_event(str(arguments[2]), str(arguments[5])))

    def _on_failure(self, *arguments: object) -> None:
        # (connection, domain, device, opaque)
        self._hand_on(read_failure(str(arguments[2])))

    def _hand_on(self, answer: MonitorEvent | None) -> None:
        if answer is not None and answer.vcpu in self._ids:
            self._told(answer)
