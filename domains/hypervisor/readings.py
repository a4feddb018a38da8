"""From libvirt's numbers, keys and XML to the plain values of the gateway."""

from __future__ import annotations

import re
from collections.abc import Mapping

from domains.hypervisor.gateway import DomainReading, DomainState, DomainStatistics
from domains.vcpu import domainxml

_STATES = (
    DomainState.NO_STATE,
    DomainState.RUNNING,
    DomainState.BLOCKED,
    DomainState.PAUSED,
    DomainState.SHUTDOWN,
    DomainState.SHUTOFF,
    DomainState.CRASHED,
    DomainState.SUSPENDED,
)
_VCPU_KEY = re.compile(r"vcpu\.(\d{1,4})\.(state|time)")


def state_of(number: object) -> DomainState:
    """Name libvirt's number of a domain state; an unknown one is ``no state``."""
    return _STATES[number] if isinstance(number, int) and 0 <= number < len(_STATES) else DomainState.NO_STATE


def statistics_of(uuid: str, name: str, libvirt_id: int, fields: Mapping[str, object]) -> DomainStatistics:
    """Read one domain's bulk statistics. libvirt leaves out every field that a driver does not know."""
    states: set[int] = set()
    times: dict[int, int] = {}
    for key, value in fields.items():
        match = _VCPU_KEY.fullmatch(key)
        if match and match[2] == "state":
            states.add(int(match[1]))
        elif match and isinstance(value, int):
            times[int(match[1])] = value
    active = libvirt_id >= 0
    return DomainStatistics(
        uuid=uuid,
        name=name,
        state=state_of(fields.get("state.state")),
        current=_number(fields.get("vcpu.current")),
        maximum=_number(fields.get("vcpu.maximum")),
        present=frozenset(states) if active and states else None,
        libvirt_id=libvirt_id if active else None,
        cpu_time=_number(fields.get("cpu.time")) if active else None,
        vcpu_time=times,
    )


def reading_of(live_xml: str | None, config_xml: str | None, statistics: DomainStatistics) -> DomainReading:
    """Join the XML documents and the state of one domain into one reading.

    ``live_xml`` is None while the domain is not active, ``config_xml`` for a transient one. Raises
    ``DomainXmlError``.
    """
    parsed = domainxml.parse(live_xml, config_xml)
    return DomainReading(
        uuid=parsed.uuid,
        name=parsed.name,
        state=statistics.state,
        persistent=config_xml is not None,
        live=parsed.live,
        config=parsed.config,
        topology=parsed.topology,
        libvirt_id=parsed.libvirt_id,
        cpu_time=statistics.cpu_time,
        numa=parsed.numa,
        pinning=parsed.pinning,
        unit_size=parsed.unit_size,
        hotplug=parsed.hotplug,
        agent=parsed.agent,
        machine=parsed.machine,
        unmarked=parsed.unmarked,
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
