"""Signs that something about a domain changed, from libvirt's events and QEMU's monitor."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import libvirt

from domains.hypervisor import monitor_listening
from domains.hypervisor.codes import Code
from domains.hypervisor.monitor_events import MonitorAnswer, read_event

logger = logging.getLogger(__name__)


class HintKind(StrEnum):
    """What a hint is about."""

    LIFECYCLE = "lifecycle"  # event and detail: libvirt's numbers
    AGENT = "agent"  # connected: bool
    METADATA = "metadata"
    REMOVAL_FAILED = "removal_failed"  # device: QEMU's alias, such as vcpu8
    VCPU_REMOVED = "vcpu_removed"  # vcpu: the slot
    OST = "ost"  # vcpu, outcome (in_progress, released, refused) and text: the guest's answer to an unplug
    CLOSED = "closed"  # the connection broke; without a uuid


@dataclass(frozen=True, slots=True)
class DomainHint:
    """Something happened to a domain: a reason to read it again, never a fact by itself."""

    uuid: str
    kind: HintKind
    detail: dict[str, int | str | bool] = field(default_factory=dict)


HintCallback = Callable[[DomainHint], None]


class Subscription:
    """All events that one connection can deliver, handed to a callback in libvirt's event thread."""

    def __init__(self, connection: libvirt.virConnect, callback: HintCallback, *, monitor: bool) -> None:
        """Register for everything that the host knows. ``monitor`` needs a read-write connection."""
        self._connection = connection
        self._callback = callback
        self._ids: list[int] = []
        self._monitor_ids: list[int] = []
        self._register(libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle)
        self._register(libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, self._on_agent)
        self._register(libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, self._on_metadata)
        self._register(libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, self._on_removal_failed)
        # Only newer client libraries know this event.
        self._register(getattr(libvirt, "VIR_DOMAIN_EVENT_ID_VCPU_REMOVED", None), self._on_vcpu_removed)
        if monitor:
            self._monitor_ids = monitor_listening.begin(connection, None, self._on_monitor)
        connection.registerCloseCallback(self._on_close, None)

    def cancel(self) -> None:
        """Stop the events. On a broken connection there is nothing left to stop."""
        try:
            for number in self._ids:
                self._connection.domainEventDeregisterAny(number)
            monitor_listening.end(self._connection, self._monitor_ids)
            self._connection.unregisterCloseCallback()
        except libvirt.libvirtError as error:
            logger.debug("Could not end a subscription: %s", error)

    def _register(self, event: int | None, callback: Callable[..., None]) -> None:
        if event is None:
            return
        try:
            self._ids.append(self._connection.domainEventRegisterAny(None, event, callback, None))
        except libvirt.libvirtError as error:
            if error.get_error_code() != Code.NO_SUPPORT:
                raise
            logger.info("The host does not know event %s.", event)

    def _hint(self, domain: libvirt.virDomain, kind: HintKind, **detail: int | str | bool) -> None:
        self._callback(DomainHint(domain.UUIDString(), kind, detail))

    def _on_lifecycle(
        self, _: object, domain: libvirt.virDomain, event: int, detail: int, *__: object
    ) -> None:
        self._hint(domain, HintKind.LIFECYCLE, event=event, detail=detail)

    def _on_agent(self, _: object, domain: libvirt.virDomain, state: int, *__: object) -> None:
        connected = state == libvirt.VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED
        self._hint(domain, HintKind.AGENT, connected=connected)

    def _on_metadata(self, _: object, domain: libvirt.virDomain, *__: object) -> None:
        self._hint(domain, HintKind.METADATA)

    def _on_removal_failed(self, _: object, domain: libvirt.virDomain, device: str, *__: object) -> None:
        self._hint(domain, HintKind.REMOVAL_FAILED, device=device)

    def _on_vcpu_removed(self, _: object, domain: libvirt.virDomain, vcpu: int, *__: object) -> None:
        self._hint(domain, HintKind.VCPU_REMOVED, vcpu=vcpu)

    def _on_monitor(self, _: object, domain: libvirt.virDomain, event: str, *rest: object) -> None:
        answer = read_event(event, str(rest[2]))  # (seconds, microseconds, details, opaque)
        if answer is None:
            return
        if answer.answer is MonitorAnswer.REMOVED:
            self._hint(domain, HintKind.VCPU_REMOVED, vcpu=answer.vcpu)
            return
        self._hint(domain, HintKind.OST, vcpu=answer.vcpu, outcome=answer.answer.value, text=answer.text)

    def _on_close(self, *_: object) -> None:
        self._callback(DomainHint("", HintKind.CLOSED))
