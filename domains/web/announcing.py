"""What a screen reader is told of an operation: in words, and only once it has come to something."""

from __future__ import annotations

from domains.models import Status
from domains.web.lines import Line

_DONE = {
    "add": "added",
    "remove": "removed",
    "make_removable": "made removable for the next start",
    "online": "brought online",
    "offline": "taken offline",
    "sync": "made alike",
}


def announced(line: Line, action: str) -> str:
    """Say what came of an operation: ``vCPU 5 of db01 removed, live``. Empty while it is queued or under way."""
    said, done = line.said, _DONE[action]
    slots = (
        f"{said.vcpus[0].upper()}{said.vcpus[1:]}" if said.vcpus.startswith(("the", "every")) else said.vcpus
    )
    words = {
        Status.SUCCEEDED: f" {done}, {said.sides}.",
        Status.PARTIAL: f" only partly {done}, {said.sides}. {said.why}",
        Status.FAILED: f" not {done}. {said.why}",
        Status.WAITING: ": waiting for the guest to let go.",
        Status.UNCONFIRMED: ": the guest has not confirmed that it let go.",
        Status.CANCELLED: ": the request was cancelled.",
    }.get(Status(line.status), "")
    return f"{slots} of {said.domain}{words} Operation {line.number} of {said.actor}." if words else ""
