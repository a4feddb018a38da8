"""One operation in full: what it meant, what happened, and the same with virsh."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from domains.models import FINAL, Effect, HistoryEntry, Operation, Status
from domains.operations import said
from domains.vcpu import cpulist
from domains.vcpu.slots import SlotMap
from domains.vcpu.targets import Target
from domains.web import before_after, lines, timeline
from domains.web.works import problem_of

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
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
    """One history entry as it is kept, laid out to be read."""

    seq: int
    text: str
    hash: str


def html(operation: Operation) -> SafeString:
    """Draw the part of the page that changes. Two queries."""
    return mark_safe(get_template("_operation.html").render(context_of(operation)).strip())  # noqa: S308


def context_of(operation: Operation) -> dict[str, Any]:
    """Gather what the page shows."""
    effects = list(operation.effects.all())
    entries = list(HistoryEntry.objects.filter(operation=operation.pk).order_by("seq"))
    ended = operation.finished_at
    return {
        "operation": operation,
        "line": lines.of_operation(operation),
        "token": _token(entries),
        "asked": said.vcpu_words(operation.vcpu),
        "asked_side": _ASKED[operation.affect],
        "rows": [_row(operation, effect) for effect in effects],
        "pictures": before_after.pictures(operation, {effect.vcpu for effect in effects}),
        "events": timeline.events(entries),
        "commands": _commands(operation, effects),
        "raw": [_raw(entry) for entry in entries],
        "seconds": (ended - operation.created_at).total_seconds() if ended else None,
        "open": operation.status not in FINAL,
        "waiting": operation.status in (Status.WAITING, Status.UNCONFIRMED),
    }


def _row(operation: Operation, effect: Effect) -> EffectRow:
    before = _state((operation.before or {}).get(effect.side), effect.vcpu)
    after = _state((operation.after or {}).get(effect.side), effect.vcpu)
    told = [str(effect.libvirt_code)] if effect.libvirt_code is not None else []
    told += [effect.libvirt_text] if effect.libvirt_text else []
    effect.operation = operation
    return EffectRow(
        vcpu=effect.vcpu,
        side=effect.side,
        before=before,
        after=after,
        changed=before != after,
        state="late" if effect.late and effect.state == "done" else effect.state,
        late=effect.late,
        reason=effect.reason,
        sentence=problem_of(effect),
        libvirt=": ".join(told),
    )


def _state(stored: Any, vcpu: int) -> str:  # noqa: ANN401  # what a JSON column holds
    if not stored:
        return "no such side"
    slots = SlotMap.from_json(stored)
    if vcpu not in slots.present:
        return "absent"
    return "present, removable" if vcpu in slots.removable else "present, fixed"


def _commands(operation: Operation, effects: Sequence[Effect]) -> list[str]:
    """Write every step as the command that does the same, naming the guest safely for a shell."""
    name = operation.domain_name
    domain = name if _PLAIN_NAME.fullmatch(name) else str(operation.domain_uuid)
    steps: dict[int, list[Effect]] = {}
    for effect in effects:
        steps.setdefault(effect.step, []).append(effect)
    commands = []
    for _, step in sorted(steps.items()):
        ids = cpulist.dump({effect.vcpu for effect in step})
        commands.append(_command(shlex.quote(domain), step[0], ids))
    return commands


def _command(domain: str, effect: Effect, ids: str) -> str:
    """Write one step; of the guest's own CPUs virsh takes the guest's numbers, which need not be the slots'."""
    target = Target(effect.target)
    if target in (Target.ONLINE, Target.OFFLINE):
        return f"virsh setguestvcpus {domain} {ids} --{'enable' if target is Target.ONLINE else 'disable'}"
    switch = "--disable" if target is Target.ABSENT else "--enable"
    return f"virsh setvcpu {domain} {ids} {switch} --{effect.side}"


def _token(entries: Sequence[HistoryEntry]) -> str:
    """Name the API token that came with the request; empty where none did."""
    asked: dict[str, Any] = next(
        (json.loads(entry.body) for entry in entries if entry.kind == "requested"), {}
    )
    return str(asked.get("token") or "")


def _raw(entry: HistoryEntry) -> Raw:
    return Raw(entry.seq, json.dumps(json.loads(entry.body), indent=2, ensure_ascii=False), entry.hash)
