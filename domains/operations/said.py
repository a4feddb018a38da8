"""What an operation, a refusal or a change from outside comes to, as one sentence in parts.

The parts are kept apart so that a template can put names of guests and people into ``<bdi>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domains.history.form import body_of
from domains.models import Effect, EffectState, HistoryEntry, Operation, Status
from domains.operations import access_words, batch_words, outside_words
from domains.operations.change import Change
from domains.operations.durations import duration
from domains.vcpu import cpulist
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target

_SIDES = {"live": "live", "config": "config", "both": "live and config", "current": "current side"}
# action -> (to be done, being done, done, the word before the guest's name)
_VERBS = {
    "add": ("add", "is adding", "added", "to"),
    "remove": ("remove", "is removing", "removed", "of"),
    "make_removable": ("make removable", "is making removable", "made removable", "of"),
    "online": ("bring online", "is bringing online", "brought online", "of"),
    "offline": ("take offline", "is taking offline", "took offline", "of"),
    "sync": ("sync", "is syncing", "synced", "of"),
}
NOT_OURS = "This entry does not have the form of one that Slotboard writes; see history verify --bodies"
_WANTED = {
    "first": "the first available vCPU",
    "highest": "the highest vCPU",
    "all": "every vCPU that differs",
}


@dataclass(frozen=True, slots=True)
class Said:
    """``actor verb vcpus link domain, sides other · why``.

    What is about no guest has another name in its place, or none. For a change from outside there is neither
    ``actor`` nor ``verb``, ``vcpus`` is what of the guest changed, if not itself, ``sides`` is what happened,
    and ``other`` a second name that belongs to it, such as the one before.
    """

    actor: str
    verb: str
    vcpus: str
    link: str
    domain: str
    sides: str
    why: str = ""
    joint: str = ","
    other: str = ""

    @property
    def deed(self) -> str:
        """The sentence without the actor: ``added vCPU 5 to web01, live``."""
        words = " ".join(word for word in (self.verb, self.vcpus, self.link, self.domain) if word)
        return f"{words}{self.joint} {self.sides} {self.other}".rstrip() if self.sides else words

    @property
    def brief(self) -> str:
        """The sentence without actor and guest: ``added vCPU 5, live``."""
        words = f"{self.verb} {self.vcpus}".strip()
        return ", ".join(filter(None, (words, f"{self.sides} {self.other}".strip())))

    def __str__(self) -> str:
        return f"{self.actor} {self.deed}".strip()


def vcpu_words(wanted: object) -> str:
    """Name the slots that were asked for: ``vCPU 5``, ``vCPU 5, 7`` or ``the highest vCPU``."""
    if isinstance(wanted, str):
        return _WANTED.get(wanted, wanted)
    ids = wanted if isinstance(wanted, list) else [wanted]
    return f"vCPU {', '.join(str(vcpu) for vcpu in ids)}"


def of_operation(operation: Operation, effects: Sequence[Effect] | None = None) -> Said:
    """Say where an operation stands. Reads its effects unless they are given, so prefetch them for a list."""
    todo, doing, done, link = _VERBS[operation.action]
    verb = {
        Status.RUNNING: doing,
        Status.SUCCEEDED: done,
        Status.PARTIAL: f"partly {done}",
        Status.FAILED: f"tried to {todo}",
    }.get(Status(operation.status), f"asked to {todo}")
    known = list(operation.effects.all() if effects is None else effects)
    resolved = {effect.vcpu for effect in known}
    vcpus = f"vCPU {cpulist.dump(resolved)}" if resolved else vcpu_words(operation.vcpu)
    return Said(
        actor=operation.actor,
        verb=verb,
        vcpus=vcpus,
        link=link,
        domain=operation.domain_name,
        sides=_SIDES[operation.affect_meant or operation.affect],
        why=operation.message or _let_go(known),
    )


def _let_go(effects: Iterable[Effect]) -> str:
    """Say how long the guest took over a removal that was seen."""
    waits = [
        (effect.settled_at - effect.applied_at).total_seconds()
        for effect in effects
        if effect.state == EffectState.DONE
        and (effect.side, effect.target) == (Side.LIVE, Target.ABSENT)
        and effect.applied_at
        and effect.settled_at
    ]
    return f"the guest let go after {duration(max(waits))}" if waits else ""


def of_change(change: Change, domain: str) -> Said:
    """Say what a request for a domain of that name would have done."""
    todo, _, _, link = _VERBS[change.action]
    named = change.vcpu if change.expect is None else [change.expect]
    return Said(
        actor="",
        verb=todo,
        vcpus=vcpu_words(named) if isinstance(named, str) else f"vCPU {cpulist.dump(named)}",
        link=link,
        domain=domain,
        sides=_SIDES[change.affect],
    )


def of_entry(entry: HistoryEntry) -> Said:
    """Say what an entry that stands alone records: ``refused``, ``outside``, or about no guest at all."""
    body = body_of(entry.body)
    if body is None:
        return Said("", NOT_OURS, "", "", "", "")
    if entry.kind == "outside":
        return _outside(body)
    return _refused(body) if entry.kind in ("refused", "requested") else _access(entry.kind, body)


def _refused(body: dict[str, Any]) -> Said:
    if body.get("path") and not body.get("domain"):
        return Said(
            body.get("actor") or "somebody", "used", body["path"], "", "", "", body.get("message") or ""
        )
    if body.get("asked_about"):
        return _refused_about(body)
    if "guests" in body or body.get("asked_about_batch"):
        return _refused_batch(body)
    requested = body.get("requested") or {}
    todo, _, _, link = _VERBS.get(body.get("action") or "", ("change", "", "", "of"))
    wanted = requested.get("vcpu")
    return Said(
        actor=body.get("actor") or "somebody",
        verb=f"asked to {todo}",
        vcpus=vcpu_words(wanted) if wanted not in (None, "", []) else "a vCPU",
        link=link,
        domain=_name(body),
        sides=_SIDES.get(requested.get("affect") or "", ""),
        why=body.get("message") or "",
    )


def _refused_about(body: dict[str, Any]) -> Said:
    """What somebody wanted to do about an operation, which may not be there."""
    action = str(body.get("action") or "do something about").replace("-", " ")
    return Said(
        actor=body.get("actor") or "somebody",
        verb=f"asked to {action} for" if action in ("ask again", "stop waiting") else f"asked to {action}",
        vcpus=f"operation {body['asked_about']}",
        link="of" if body.get("domain") else "",
        domain=_name(body) if body.get("domain") else "",
        sides="",
        why=body.get("message") or "",
    )


def _refused_batch(body: dict[str, Any]) -> Said:
    number, why = body.get("asked_about_batch"), str(body.get("message") or "")
    asked = body.get("requested") or {}
    guests = body.get("guests")
    verb = (
        f"asked to {body.get('action') or 'do something about'} batch {number}"
        if number
        else f"asked to {batch_words.deed(body.get('action'), asked, guests if isinstance(guests, int) else 0)}"
    )
    return Said(body.get("actor") or "somebody", verb, "", "", "", "", why)


def _outside(body: dict[str, Any]) -> Said:
    told = outside_words.tell(body)
    joint = ":" if told.listed else ""
    why = "changed outside Slotboard" if told.changed else "outside Slotboard"
    link = "of" if told.subject else ""
    return Said("", "", told.subject, link, _name(body), told.predicate, why, joint, told.other)


def _access(kind: str, body: dict[str, Any]) -> Said:
    told = access_words.tell(kind, body)
    actor = str(body.get("actor") or "somebody")
    return Said(actor, told.verb, "", "", told.name, told.aside, told.why, told.joint, told.other)


def _name(body: dict[str, Any]) -> str:
    domain = body.get("domain") or {}
    return str(domain.get("name") or domain.get("uuid") or "an unknown guest")
