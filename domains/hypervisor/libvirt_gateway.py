"""The gateway to a real libvirt."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress

import libvirt

from domains.hypervisor import agent, eventloop, plug, readings
from domains.hypervisor.calls import opening, translated
from domains.hypervisor.codes import Code
from domains.hypervisor.errors import Change, ChangeRejected, DomainNotFound, ForkedProcess, GatewayError
from domains.hypervisor.events import HintCallback, Subscription
from domains.hypervisor.gateway import CAN_CHOOSE, DomainReading, DomainStatistics, GuestReading, HostReading
from domains.hypervisor.removal import AskedRemoval, HeldRemoval
from domains.vcpu.domainxml import DomainXmlError
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side

_KEEPALIVE_SECONDS, _KEEPALIVE_COUNT = 5, 3
_ASYNCHRONOUS_SINCE = 12_004_000
_NO_WAITING: int = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
_STATE: int = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
_ALL: int = _STATE | libvirt.VIR_DOMAIN_STATS_VCPU
_READINGS = 3  # a domain that starts or stops between two calls is looked at again


class LibvirtGateway:
    """One libvirt connection, opened at once and used by the process that opened it alone.

    Opening has no deadline in libvirt: do it only in a process that may be killed. With ``monitor`` QEMU's own
    events are used too, which needs a read-write connection.
    """

    def __init__(self, uri: str, *, readonly: bool, monitor: bool = False) -> None:
        """Open the connection. Raises ``HostUnreachable``, or ``ForkedProcess`` after a fork."""
        eventloop.ensure_running()
        self._pid = os.getpid()
        self._readonly = readonly
        self._monitor = monitor and not readonly
        self._chooses: bool | None = None  # a driver's ability: asked once
        self._subscriptions: list[Subscription] = []
        with opening():
            self._open: libvirt.virConnect | None = (libvirt.openReadOnly if readonly else libvirt.open)(uri)
            _keep_alive(self._open)

    @property
    def alive(self) -> bool:
        """Whether the connection still stood when it was last used or kept alive."""
        return self._open is not None and self._open.isAlive() == 1

    def read_host(self) -> HostReading:
        """Read versions and capabilities."""
        connection = self._connection()
        specific = self._specific()
        with translated():
            return HostReading(
                libvirt_version=connection.getLibVersion(),
                hypervisor=connection.getType(),
                hypervisor_version=connection.getVersion(),
                cpus=connection.getInfo()[2],
                specific=specific,
                asynchronous=specific is not False and self._asynchronous(),
            )

    def ping(self) -> None:
        """Have the host answer; its version is what it tells without looking at any domain."""
        with translated():
            self._connection().getLibVersion()

    def read_domain(self, uuid: str) -> DomainReading:
        """Read one domain afresh: both XML documents, its state and its run. Raises ``DomainNotFound``.

        libvirt gives no XML of a domain while it waits for that domain's guest: up to 5 s (10 s on pSeries)
        after a removal by another tool, or by us on a host that knows no other kind.
        """
        domain = self._lookup(uuid)
        for _ in range(_READINGS):
            reading = self._read(domain)
            if reading is not None:
                return reading
        raise GatewayError("The domain kept starting or stopping while it was read.")

    def description(self, uuid: str) -> str:
        """Give the text from which a reading is made: cheaper than the reading, and another if that is.

        Raises ``DomainNotFound``.
        """
        domain = self._lookup(uuid)
        with translated():
            config_xml: str = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
            live_xml: str = domain.XMLDesc(0) if domain.ID() >= 0 else ""
        return config_xml + live_xml

    def read_statistics(self, timed: Collection[str] = ()) -> list[DomainStatistics]:
        """Read the bulk statistics of all domains without waiting for busy ones, see the protocol."""
        with translated():
            rows = self._connection().getAllDomainStats(_ALL, _NO_WAITING)
            return [_statistics(domain, fields, timed) for domain, fields in rows]

    def set_slots(self, uuid: str, ids: frozenset[int], *, present: bool, side: Side) -> None:
        """Ask the host to make exactly these slots present or absent, see the protocol."""
        change = Change(ids, present, side)
        domain = self._lookup(uuid)
        if change.unplugs:
            removal = AskedRemoval if self._asynchronous() else HeldRemoval
            removal(self._connection(), domain, change, monitor=self._monitor).run()
        else:
            plug.plug(domain, change)

    def set_count(self, uuid: str, count: int, *, side: Side) -> None:
        """Ask a host that cannot choose its vCPUs to have so many of them, see the protocol."""
        if self.can_choose(uuid):
            raise ChangeRejected(CAN_CHOOSE, reason=Reason.INVALID_REQUEST)
        plug.set_count(self._lookup(uuid), count, side)

    def can_choose(self, uuid: str) -> bool:
        """Find out whether the driver plugs a vCPU by its ID, see the protocol."""
        return self._asked(self._lookup(uuid))

    def read_guest(self, uuid: str) -> GuestReading:
        """Ask the guest's own kernel which CPUs it has and uses, see the protocol."""
        return agent.read_guest(self._lookup(uuid))

    def set_online(self, uuid: str, cpus: frozenset[int], *, online: bool) -> None:
        """Have the guest's kernel use these of its CPUs, or use them no more, see the protocol."""
        agent.set_online(self._lookup(uuid), cpus, online=online)

    def subscribe(self, callback: HintCallback) -> None:
        """Have every sign of a change handed to ``callback``, in libvirt's event thread, until closed."""
        connection = self._connection()
        with translated():
            self._subscriptions.append(Subscription(connection, callback, monitor=self._monitor))

    def close(self) -> None:
        """Give the connection up. Closing twice is harmless."""
        if self._open is None:
            return
        connection = self._connection()
        for subscription in self._subscriptions:
            subscription.cancel()
        self._subscriptions.clear()
        self._open = None
        with translated():
            connection.close()

    def _connection(self) -> libvirt.virConnect:
        if self._pid != os.getpid():
            raise ForkedProcess("This connection was opened by another process.")
        if self._open is None:
            raise GatewayError("The connection was closed.")
        return self._open

    def _asynchronous(self) -> bool:
        with translated():
            version: int = self._connection().getLibVersion()
        return version >= _ASYNCHRONOUS_SINCE

    def _specific(self) -> bool | None:
        """Ask with whatever domain there is. None where nobody can be asked."""
        if self._readonly:
            return None
        with translated():
            domains = self._connection().listAllDomains()
        for domain in domains:
            with suppress(DomainNotFound):  # gone since
                return self._asked(domain)
        return None

    def _asked(self, domain: libvirt.virDomain) -> bool:
        if self._chooses is None:
            with translated():
                self._chooses = plug.can_choose(domain)
        return self._chooses

    def _lookup(self, uuid: str) -> libvirt.virDomain:
        with translated():
            return self._connection().lookupByUUIDString(uuid)

    def _read(self, domain: libvirt.virDomain) -> DomainReading | None:
        """Read once. None if the domain started or stopped between the calls."""
        with translated():
            statistics = _statistics(*self._connection().domainListGetStats([domain], _STATE, _NO_WAITING)[0])
            live_xml = domain.XMLDesc(0) if statistics.libvirt_id is not None else None
            persistent = domain.isPersistent() == 1
            config_xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) if persistent else None
        try:
            reading = readings.reading_of(live_xml, config_xml, statistics)
        except DomainXmlError as error:
            raise GatewayError(str(error)) from error
        # The XML of a guest that has stopped since is its configuration, and carries no ID.
        return reading if reading.libvirt_id == statistics.libvirt_id else None


def open_gateway(uri: str, *, readonly: bool, monitor: bool = False) -> LibvirtGateway:
    """Open a connection to a host. ``uri`` comes from ``HostAddress.uri``. Raises ``HostUnreachable``."""
    return LibvirtGateway(uri, readonly=readonly, monitor=monitor)


def _keep_alive(connection: libvirt.virConnect) -> None:
    """Have both ends notice a dead line; a driver inside this process has none."""
    try:
        connection.setKeepAlive(_KEEPALIVE_SECONDS, _KEEPALIVE_COUNT)
    except libvirt.libvirtError as error:
        if error.get_error_code() != Code.NO_SUPPORT:
            raise


def _statistics(
    domain: libvirt.virDomain, fields: dict[str, object], timed: Collection[str] = ()
) -> DomainStatistics:
    uuid = domain.UUIDString()
    return readings.statistics_of(uuid, domain.name(), domain.ID(), fields, timed=uuid in timed)
