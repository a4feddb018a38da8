"""One operation in full: what it meant, what happened, and the same with virsh."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from domains.history.form import Body, body_of
from domains.history.ledger import canonical
from domains.models import FINAL, Effect, EffectState, HistoryEntry, Operation, Status
from domains.operations import said
from domains.operations.standing import followers_of
from domains.vcpu.slots import Side, SlotMap
from domains.web import before_after, controls, lines, timeline, virsh
from domains.web.works import problem_of

# What an entry is kept as. The rest is made of its body, and may be unreadable where somebody else wrote that.
KEPT = ("seq", "body", "previous_hash", "hash")
_ASKED = {"live": "live", "config": "config", "both": "both (live first, then config)", "current": "current"}


@dataclass(frozen=True, slots=True)
class EffectRow:
    """What the operation meant for one slot on one side, and what came of it."""

    vcpu: int
    side: str
    before: str
    after: str
    changed: bool
    state: str
    late: bool
    reason: str
    sentence: str
    libvirt: str


@dataclass(frozen=True, slots=True)
class Raw:
    """One history entry as it is kept, laid out to be read.

    ``problem`` says of an entry that Slotboard did not write that it is none of ours: it has neither ``kind`` nor
    ``time``, and ``text`` is what stands there.
    """

    seq: int
    kind: str
    time: datetime | None
    text: str
    hash: str
    previous_hash: str
    problem: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The operations on the same domain right before and after one, by their numbers."""

    earlier: int | None
    later: int | None


def fragments(operation: Operation, *, changeable: bool) -> dict[str, SafeString]:
    """Draw the parts of the page that change, by their ids. At most six queries.

    ``host`` and ``domain`` are loaded, the latter with its ``host``.
    """
    context = context_of(operation, changeable=changeable)
    names = ["operation", "controls"] if changeable else ["operation"]
    return {name: _template(f"_{name}.html", context) for name in names}


def _template(name: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(get_template(name).render(context).strip())  # noqa: S308  # a template's own output


def context_of(operation: Operation, *, changeable: bool) -> dict[str, Any]:
    """Gather what the page shows; ``changeable`` to somebody who may change the domain."""
    prefetch_related_objects([operation], "effects")  # several of the below look at them
    effects = list(operation.effects.all())
    followers = followers_of([operation.pk])
    entries = list(HistoryEntry.objects.filter(operation=operation.pk).only(*KEPT).order_by("seq"))
    asked = _request(entries)
    ended = operation.finished_at
    wait = controls.wait_of(operation, effects)
    return {
        "operation": operation,
        "line": lines.of_operation(operation, followers),
        "token": asked.get("token") or "",
        "address": asked.get("address") or "",
        "neighbours": neighbours(operation),
        "asked": f"{operation.action.replace('_', ' ')} {said.vcpu_words(operation.vcpu)}",
        "asked_side": _ASKED[operation.affect],
        "rows": [
            _row(operation, effect, above=operation.message if wait is None else "") for effect in effects
        ],
        "pictures": before_after.pictures(operation, {effect.vcpu for effect in effects}),
        "events": timeline.events(entries),
        "commands": virsh.commands(operation, effects),
        "controls": controls.controls_of(operation, effects, followers) if changeable else [],
        "changeable": changeable,
        "wait": wait,
        "raw": [raw_of(entry) for entry in entries],
        "seconds": (ended - operation.created_at).total_seconds() if ended else None,
        "open": operation.status not in FINAL,
        "waiting": operation.status in (Status.WAITING, Status.UNCONFIRMED),
    }


def _row(operation: Operation, effect: Effect, above: str) -> EffectRow:
    """Tell what became of one slot. ``above`` is what the page says of the whole operation: that is not repeated."""
    before, after = _states(operation, effect)
    effect.operation = operation
    sentence = problem_of(effect)
    told = [str(effect.libvirt_code)] if effect.libvirt_code is not None else []
    told += [effect.libvirt_text] if effect.libvirt_text not in sentence else []  # not twice
    return EffectRow(
        vcpu=effect.vcpu,
        side=effect.side,
        before=before,
        after=after,
        changed=before != after,
        state="late" if effect.late and effect.state == "done" else effect.state,
        late=effect.late,
        reason=effect.reason,
        sentence=sentence if sentence != above else "",
        libvirt=": ".join(told),
    )


def _states(operation: Operation, effect: Effect) -> tuple[str, str]:
    """Say how the slot stood before and stands after. What the guest does with it is in no map, only in the result."""
    if effect.side == Side.GUEST:
        return "not recorded", effect.target if effect.state == EffectState.DONE else "not recorded"
    before, after = operation.before or {}, operation.after or {}
    return _state(before.get(effect.side), effect.vcpu), _state(after.get(effect.side), effect.vcpu)


def _state(stored: Any, vcpu: int) -> str:  # noqa: ANN401  # what a JSON column holds
    if not stored:
        return "no such side"
    slots = SlotMap.from_json(stored)
    if vcpu not in slots.present:
        return "absent"
    return "present, removable" if vcpu in slots.removable else "present, fixed"


def neighbours(operation: Operation) -> Neighbours:
    """Find the operations next to this one on its domain: who sees it sees those too. Two queries."""
    if operation.domain_id is None:
        return Neighbours(None, None)
    others = Operation.objects.filter(domain=operation.domain_id).values_list("pk", flat=True)
    return Neighbours(
        others.filter(pk__lt=operation.pk).order_by("-pk").first(),
        others.filter(pk__gt=operation.pk).order_by("pk").first(),
    )


def _request(entries: Sequence[HistoryEntry]) -> Body:
    """Give the body of the entry with which the operation began; empty where none is kept."""
    bodies = (body_of(entry.body) for entry in entries)
    return next((body for body in bodies if body is not None and body["kind"] == "requested"), {})


def raw_of(entry: HistoryEntry) -> Raw:
    """Lay an entry out."""
    body = body_of(entry.body)
    return Raw(
        seq=entry.seq,
        kind=body["kind"] if body else "",
        time=datetime.fromisoformat(body["time"]).astimezone(UTC) if body else None,
        text=_laid_out(body) if body else entry.body,
        hash=entry.hash,
        previous_hash=entry.previous_hash,
        problem="" if body else f"{said.NOT_OURS}.",
    )


def _laid_out(body: Body) -> str:
    try:
        return json.dumps(body, indent=2, ensure_ascii=False)
    except RecursionError:  # laying out goes less deep than reading does
        return canonical(body)
