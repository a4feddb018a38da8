"""What can be chosen in the filters of the history, in words."""

from __future__ import annotations

from dataclasses import dataclass

from domains.models import Status
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action


@dataclass(frozen=True, slots=True)
class Choice:
    """One option: what an address says, and what people read."""

    value: str
    words: str


LABELS = {
    "q": "Words",
    "since": "From",
    "until": "Until",
    "host": "Host",
    "domain": "Guest",
    "actor": "Who",
    "action": "Action",
    "status": "Outcome",
    "reason": "Reason",
    "door": "Door",
    "slot": "vCPU",
    "batch": "Batch",
    "zone": "Zone",
    "show": "Show",
}
SHOWN = (
    Choice("", "Operations"),
    Choice("access", "Access"),
    Choice("everything", "Everything"),
)
TITLES = {"access": "Access, roles and hosts", "everything": "Everything in the history"}  # else operations
PERIODS = (
    Choice("", "All time"),
    Choice("1h", "Last hour"),
    Choice("today", "Today"),
    Choice("yesterday", "Yesterday"),
    Choice("7d", "Last 7 days"),
)
_ACTIONS = {
    Action.ADD: "add",
    Action.REMOVE: "remove",
    Action.MAKE_REMOVABLE: "make removable",
    Action.ONLINE: "bring online",
    Action.OFFLINE: "take offline",
    Action.SYNC: "sync",
}
_DOORS = {"page": "page", "api": "API", "command": "command", "watcher": "watcher (seen from outside)"}
_REASONS = {
    Reason.ALREADY_PRESENT: "already present",
    Reason.ALREADY_ABSENT: "already absent",
    Reason.ALREADY_REMOVABLE: "already removable",
    Reason.ALREADY_ONLINE: "already online",
    Reason.ALREADY_OFFLINE: "already offline",
    Reason.ALREADY_ALIKE: "both sides already alike",
    Reason.OUT_OF_RANGE: "no such slot",
    Reason.VCPU0_FIXED: "vCPU 0 stays",
    Reason.NOT_REMOVABLE: "there since boot, not removable",
    Reason.FOLLOWED_BY_FIXED: "a fixed slot above it",
    Reason.PARTIAL_UNIT: "part of a core",
    Reason.NO_ABSENT_SLOT: "no free slot",
    Reason.NOTHING_REMOVABLE: "nothing removable",
    Reason.DOMAIN_NOT_RUNNING: "guest not running",
    Reason.DOMAIN_NOT_PERSISTENT: "guest without configuration",
    Reason.DOMAIN_NOT_FOUND: "no such guest",
    Reason.HOST_NOT_FOUND: "no such host",
    Reason.HOTPLUG_UNSUPPORTED: "machine plugs no vCPU",
    Reason.SPECIFIC_UNSUPPORTED: "driver only sets a count",
    Reason.AGENT_UNAVAILABLE: "guest agent away",
    Reason.GUEST_CPU_UNKNOWN: "CPU in the guest unknown",
    Reason.NOT_OFFLINABLE: "guest needs this CPU",
    Reason.GUEST_PAUSED: "guest paused",
    Reason.GUEST_NOT_READY: "guest still starting",
    Reason.DOMAIN_BUSY: "hypervisor busy with the guest",
    Reason.OPERATION_OPEN: "another operation at work",
    Reason.CHANGED_MEANWHILE: "changed meanwhile",
    Reason.HOST_UNREACHABLE: "host not reachable",
    Reason.HOST_DISABLED: "host switched off",
    Reason.UNPLUG_UNCONFIRMED: "guest has not confirmed",
    Reason.GUEST_REFUSED: "guest refused",
    Reason.RUN_ENDED: "guest stopped first",
    Reason.SUPERSEDED: "newer request came",
    Reason.INTERRUPTED: "worker or connection broke off",
    Reason.CONFIG_WRITE_FAILED: "configuration not stored",
    Reason.HYPERVISOR_ERROR: "hypervisor error",
    Reason.NOT_PERMITTED: "not permitted",
    Reason.INVALID_REQUEST: "request made no sense",
    Reason.IDEMPOTENCY_MISMATCH: "key used for another request",
    Reason.NOT_CANCELLABLE: "too late to cancel",
    Reason.NOT_UNDOABLE: "cannot be undone",
    Reason.NOT_RETRIABLE: "nothing to retry",
    Reason.OPERATION_NOT_FOUND: "no such operation",
    Reason.BATCH_NOT_FOUND: "no such batch",
    Reason.RATE_LIMITED: "too many requests",
}


def _reason_words(reason: Reason) -> str:
    words = _REASONS.get(reason, "")
    return f"{words} ({reason})" if words else str(reason)


CHOICES: dict[str, tuple[Choice, ...]] = {
    "action": tuple(Choice(action, words) for action, words in _ACTIONS.items()),
    "status": tuple(Choice(status, status) for status in (*Status.values, "refused", "outside")),
    "reason": tuple(
        sorted((Choice(reason, _reason_words(reason)) for reason in Reason), key=lambda one: one.words)
    ),
    "door": tuple(Choice(door, words) for door, words in _DOORS.items()),
}


def words_of(name: str, value: str) -> str:
    """Say a filter's value in words."""
    known = (*CHOICES.get(name, ()), *(PERIODS if name in ("since", "until") else ()))
    return next((choice.words for choice in known if choice.value == value), value)
