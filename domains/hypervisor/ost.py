"""What a guest answers to an unplug through ACPI's ``_OST``, as QEMU's monitor event tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

OST_EVENT = "ACPI_DEVICE_OST"
DELETED_EVENT = "DEVICE_DELETED"
MONITOR_EVENTS = (DELETED_EVENT, OST_EVENT)

_EJECTION_SOURCES = frozenset({0x3, 0x103})  # a request from QEMU, one that the guest began itself
_IN_PROGRESS = 0x84
_NAMES = {
    0x01: "non-specific failure",
    0x02: "unrecognized notify code",
    0x80: "device ejection not supported by the operating system",
    0x81: "device in use by an application",
    0x82: "device busy",
    0x83: "ejection dependency is busy or not supported",
}


class OstOutcome(StrEnum):
    """What a guest's answer means for the slot."""

    RELEASED = "released"
    IN_PROGRESS = "in_progress"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Ost:
    """One answer: ``vcpu`` is the slot's ID (a unit's first), ``text`` ACPI's name of the status."""

    vcpu: int
    status: int
    outcome: OstOutcome
    text: str


def parse_ost(details: str) -> Ost | None:
    """Read an ``ACPI_DEVICE_OST`` event's JSON. None where it does not answer an unplug of a vCPU."""
    info = _details(details).get("info")
    if not isinstance(info, dict) or info.get("slot-type") != "CPU":
        return None
    source, status = info.get("source"), info.get("status")
    vcpu = _vcpu(info.get("device") or f"vcpu{info.get('slot')}")
    if vcpu is None or source not in _EJECTION_SOURCES or not isinstance(status, int):
        return None
    if status == 0:
        return Ost(vcpu, status, OstOutcome.RELEASED, "success")
    if status == _IN_PROGRESS:
        return Ost(vcpu, status, OstOutcome.IN_PROGRESS, "ejection in progress")
    name = _NAMES.get(status, "unknown status")
    return Ost(vcpu, status, OstOutcome.REFUSED, f"{name} (ACPI _OST status {status})")


def parse_deleted(details: str) -> int | None:
    """Read a ``DEVICE_DELETED`` event's JSON: the vCPU's ID, or None for another kind of device."""
    return _vcpu(_details(details).get("device"))


def _details(text: str) -> dict[str, object]:
    try:
        details = json.loads(text)
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}


def _vcpu(alias: object) -> int | None:
    digits = alias.removeprefix("vcpu") if isinstance(alias, str) and alias.startswith("vcpu") else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= len("4095") else None
