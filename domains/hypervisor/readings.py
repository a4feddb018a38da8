"""From libvirt's numbers, keys and XML to the plain values of the gateway."""

from __future__ import annotations

import re
from collections import defaultdict
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
_STATE_KEY = re.compile(r"vcpu\.(\d{1,4})\.state")
_TIME_KEY = re.compile(r"vcpu\.(\d{1,4})\.(time|delay)")


def state_of(number: object) -> DomainState:
    """Name libvirt's number of a domain state; an unknown one is ``no state``."""
    return _STATES[number] if isinstance(number, int) and 0 <= number < len(_STATES) else DomainState.NO_STATE


def statistics_of(
    uuid: str, name: str, libvirt_id: int, fields: Mapping[str, object], *, timed: bool = False
) -> DomainStatistics:
    """Read one domain's bulk statistics; the times of its vCPUs only if they are ``timed``, since that costs.

    libvirt leaves out every field that a driver does not know.
    """
    states = {int(match[1]) for key in fields if (match := _STATE_KEY.fullmatch(key))}
    times = _times(fields) if timed else {}
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
        vcpu_time=times.get("time", {}),
        vcpu_waited=times.get("delay", {}),
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


def _times(fields: Mapping[str, object]) -> dict[str, dict[int, int]]:
    """Give the nanoseconds of each vCPU, by what they are of. ``delay`` is what a guest sees as stolen."""
    times: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for key, value in fields.items():
        if isinstance(value, int) and (match := _TIME_KEY.fullmatch(key)):
            times[match[2]][int(match[1])] = value
    return times


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
