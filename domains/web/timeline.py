"""What happened to an operation, told from its history entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domains.history.form import body_of
from domains.models import FINAL, HistoryEntry, Status
from domains.operations.durations import duration
from domains.operations.said import vcpu_words

PAUSE = timedelta(seconds=2)  # from here on a wait is worth a line of its own

# kind -> (icon, colour, sentence)
_KINDS = {
    "requested": ("user", "", ""),
    "started": ("loader-2", "", "A worker took it up"),
    "confirmed": ("circle-check", "ok", "Done, and seen to be so"),
    "waiting": ("hourglass", "wait", "Waiting: the guest was asked to let go and has not yet"),
    "unconfirmed": ("help-circle", "wait", "Not confirmed: patience ran out, Slotboard keeps looking"),
    "failed": ("circle-x", "fail", "Failed"),
    "late": ("clock-check", "ok", "The guest let go, late"),
    "settled": ("eye", "", "Settled by looking at the guest again"),
    "skipped": ("circle-check", "", "Already as asked, so there was nothing to do"),
    "cancelled": ("ban", "", "cancelled it before it started"),
    "asked_again": ("refresh", "", "had the guest asked once more"),
    "stopped_waiting": ("player-stop", "wait", "ended the waiting; Slotboard keeps looking"),
    "superseded": ("ban", "", "A newer request took its place"),
    "put_back": ("clock", "wait", "Back in the queue: its host is out of reach"),
    "refused": ("hand-stop", "fail", "Refused"),
}
# What is known of an effect's target, such as "absent", by its state
_STATES = {
    "pending": "to be {}",
    "applying": "is being made {}",
    "waiting": "not seen {} yet",
    "unconfirmed": "never seen {} so far",
    "done": "seen {}",
    "failed": "did not become {}",
    "skipped": "{} already",
}
_FOLLOWS = (("undo", "undo_of"), ("retry", "retry_of"))
# What a person did: the entry names them, who need not be the one who had asked for the operation
_BY_HAND = ("requested", "cancelled", "asked_again", "stopped_waiting")


@dataclass(frozen=True, slots=True)
class Event:
    """One line, told from the entry ``seq``.

    ``gap`` says how long nothing happened before it; ``details`` are smaller lines below.
    """

    seq: int
    time: datetime
    icon: str
    kind: str
    actor: str
    text: str
    details: tuple[str, ...]
    gap: float | None


def events(entries: Iterable[HistoryEntry]) -> list[Event]:
    """Tell the entries of one operation in their order, but for those that have another form than ours."""
    out: list[Event] = []
    waiting = False
    stood: dict[tuple[object, object], object] = {}
    for entry in entries:
        body = body_of(entry.body)
        if body is None:
            continue
        kind = body["kind"]
        moment = datetime.fromisoformat(body["time"]).astimezone(UTC)
        icon, colour, text = _KINDS.get(kind, ("activity", "", kind))
        passed = moment - out[-1].time if out else timedelta()
        gap = passed.total_seconds() if waiting and passed >= PAUSE else None
        by_hand = kind in _BY_HAND
        out.append(
            Event(
                seq=entry.seq,
                time=moment,
                icon=icon,
                kind=colour,
                actor=str(body.get("actor") or "") if by_hand else "",
                text=_sentence(body, text),
                details=(*(_origin(body) if by_hand else _results(body, stood)), *_end(body)),
                gap=gap,
            )
        )
        stood |= _states(body)
        waiting = body.get("status") in ("waiting", "unconfirmed")
    return out


def _sentence(body: dict[str, Any], text: str) -> str:
    if body["kind"] == "requested":
        return _request(body)
    return "Not confirmed: its host was removed, nobody looks any more" if body.get("removed_by") else text


def _request(body: dict[str, Any]) -> str:
    requested = body.get("requested") or {}
    affect = str(requested.get("affect") or "")
    side = {"both": "live and config", "current": "current side"}.get(affect, affect)
    action = str(body.get("action") or "change").replace("_", " ")
    follows = [f"to {deed} operation {body[key]}" for deed, key in _FOLLOWS if body.get(key)]
    follows += [f"in batch {body['batch']}"] if body.get("batch") else []
    wanted = f"asked to {action} {vcpu_words(requested.get('vcpu'))}"
    return ", ".join(filter(None, (wanted, side, *follows)))


def _origin(body: dict[str, Any]) -> list[str]:
    through = f"through the {body['door']}" if body.get("door") else ""
    address = f"from {body['address']}" if body.get("address") else ""
    out = [" ".join(part for part in (through, address) if part)] if through or address else []
    # The request's own note stands beside the story, where it belongs to the whole operation.
    return out + ([f"“{body['note']}”"] if body.get("note") and body.get("kind") != "requested" else [])


def _end(body: dict[str, Any]) -> list[str]:
    """Say that it was over with this entry, and how long it all took."""
    if body.get("status") not in FINAL or body.get("duration") is None:
        return []
    passed = f"{duration(float(body['duration']))} after the request"
    if body["kind"] == body["status"]:  # the line above says how it ended
        return [passed]
    late = " late" if body.get("late") and body["status"] == Status.SUCCEEDED else ""
    return [f"{str(body['status']).capitalize()}{late}, {passed}"]


def _states(body: dict[str, Any]) -> dict[tuple[object, object], object]:
    return {(one.get("vcpu"), one.get("side")): one.get("state") for one in body.get("effects") or []}


def _results(body: dict[str, Any], stood: dict[tuple[object, object], object]) -> list[str]:
    """Say which effects stand differently than they ``stood`` before, and what libvirt had answered."""
    out = []
    if body.get("kind") == "started":
        return [f"attempt {body.get('attempt', 1)}"]
    message = str(body.get("message") or "")
    if message:
        out.append(message)
    for effect in body.get("effects") or []:
        if stood.get((effect.get("vcpu"), effect.get("side"))) == effect.get("state"):
            continue
        stands = _STATES.get(str(effect.get("state")), "{}").format(effect.get("target"))
        words = f"vCPU {effect.get('vcpu')}, {effect.get('side')}: {stands}"
        out.append(words + _libvirts(effect.get("libvirt") or {}, message))
    return out


def _libvirts(told: dict[str, Any], message: str) -> str:
    """Say what libvirt had answered, but for a text that the message has said already."""
    code = f"code {told['code']}" if told.get("code") is not None else ""
    text = str(told.get("text") or "")
    words = " ".join(filter(None, (code, f"“{text}”" if text not in message else "")))
    return f" (libvirt: {words})" if words else ""
