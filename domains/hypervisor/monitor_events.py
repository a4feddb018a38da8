"""What a guest answers to an unplug, as QEMU's monitor events tell it: ACPI's ``_OST`` on x86."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

OST_EVENT = "ACPI_DEVICE_OST"
DELETED_EVENT = "DEVICE_DELETED"
FAILED_EVENT = "DEVICE_UNPLUG_GUEST_ERROR"
MONITOR_EVENTS = (DELETED_EVENT, OST_EVENT, FAILED_EVENT)

_EJECTION_SOURCES = frozenset({0x3, 0x103})  # a request from QEMU, one that the guest began itself
_IN_PROGRESS = 0x84
_FAILED = "the unplug failed"
_NAMES = {
    0x01: "non-specific failure",
    0x02: "unrecognized notify code",
    0x80: "device ejection not supported by the operating system",
    0x81: "device in use by an application",
    0x82: "device busy",
    0x83: "ejection dependency is busy or not supported",
}


class MonitorAnswer(StrEnum):
    """What an event means for the slot."""

    IN_PROGRESS = "in_progress"
    RELEASED = "released"  # the guest has let go; QEMU still has the vCPU for a moment
    REMOVED = "removed"  # QEMU has it no more
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class MonitorEvent:
    """One event about a vCPU: ``vcpu`` is the slot's ID (a unit's first), ``text`` says what the guest said."""

    vcpu: int
    answer: MonitorAnswer
    text: str


def read_event(name: str, details: str) -> MonitorEvent | None:
    """Read an event's JSON. None where it does not answer the unplug of a vCPU."""
    fields = _fields(details)
    if name == OST_EVENT:
        return _read_ost(fields.get("info"))
    vcpu = _vcpu(fields.get("device"))
    if vcpu is None:
        return None
    if name == DELETED_EVENT:
        return MonitorEvent(vcpu, MonitorAnswer.REMOVED, "removed")
    return MonitorEvent(vcpu, MonitorAnswer.REFUSED, _FAILED)


def read_failure(alias: str) -> MonitorEvent | None:
    """Read libvirt's own event for a guest that keeps a device. None where that is no vCPU."""
    vcpu = _vcpu(alias)
    return None if vcpu is None else MonitorEvent(vcpu, MonitorAnswer.REFUSED, _FAILED)


def _read_ost(info: object) -> MonitorEvent | None:
    if not isinstance(info, dict) or info.get("slot-type") != "CPU":
        return None
    source, status = info.get("source"), info.get("status")
    vcpu = _vcpu(info.get("device") or f"vcpu{info.get('slot')}")
    if vcpu is None or source not in _EJECTION_SOURCES or not isinstance(status, int):
        return None
    if status == 0:
        return MonitorEvent(vcpu, MonitorAnswer.RELEASED, "success")
    if status == _IN_PROGRESS:
        return MonitorEvent(vcpu, MonitorAnswer.IN_PROGRESS, "ejection in progress")
    name = _NAMES.get(status, "unknown status")
    return MonitorEvent(vcpu, MonitorAnswer.REFUSED, f"{name} (ACPI _OST status {status})")


def _fields(text: str) -> dict[str, object]:
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _vcpu(alias: object) -> int | None:
    digits = alias.removeprefix("vcpu") if isinstance(alias, str) and alias.startswith("vcpu") else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= len("4095") else None
