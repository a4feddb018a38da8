"""Operations and entries as one line that a person understands."""

from __future__ import annotations

from collections.abc import Sequence

from domains.models import Operation, Status
from domains.vcpu import cpulist

_SIDES = {"live": "live", "config": "config", "both": "live and config", "current": ""}
_VERBS = {
    "add": ("asked to add", "added", "to"),
    "remove": ("asked to remove", "removed", "of"),
}


def sentence(operation: Operation) -> str:
    """Say who did what to which guest: "admin removed vCPU 5 of web01, live and config"."""
    asked, done, of = _VERBS[operation.action]
    verb = done if operation.status == Status.SUCCEEDED else asked
    if operation.status in (Status.FAILED, Status.PARTIAL):
        verb = f"tried to {operation.action}"
    sides = _SIDES[operation.affect_meant or operation.affect]
    return f"{operation.actor} {verb} {slots(operation)} {of} {operation.domain_name}{', ' if sides else ''}{sides}"


def slots(operation: Operation) -> str:
    """Name the slots: those that were resolved, else as they were asked for."""
    resolved = sorted({effect.vcpu for effect in operation.effects.all()})
    if resolved:
        return f"vCPU {cpulist.dump(resolved)}"
    return asked(operation.vcpu, operation.action)


def asked(vcpu: str | Sequence[int], action: str) -> str:
    """Name the slots as they were asked for."""
    if vcpu == "first":
        return "the first absent vCPU"
    if vcpu == "highest":
        return "the highest vCPU"
    return f"vCPU {cpulist.dump(int(i) for i in vcpu)}"


def printable(text: str) -> str:
    """Make foreign text safe for a terminal: control and direction characters are written out as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
