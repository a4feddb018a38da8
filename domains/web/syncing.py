"""The two buttons that make live and configuration alike, with what each would do."""

from __future__ import annotations

from dataclasses import dataclass

from domains.vcpu import cpulist
from domains.vcpu.hints import removal_hint
from domains.vcpu.rules import Action, hint, refusal
from domains.vcpu.slots import Side
from domains.vcpu.view import DomainView

_LABELS = {
    Side.CONFIG: "Make permanent",
    Side.LIVE: "Apply to the running guest",
}


@dataclass(frozen=True, slots=True)
class SyncChoice:
    """One button: the ``side`` that it changes, and its sentence. ``possible`` is false if the rules refuse it.

    ``value`` names the slots that the person was shown, so that no other one is changed by then.
    """

    side: str
    label: str
    value: str
    sentence: str
    possible: bool


def sync_choices(view: DomainView) -> tuple[SyncChoice, ...]:
    """Work out both buttons, or none where the sides are alike or one is missing."""
    if view.live is None or view.config is None:
        return ()
    differing = view.live.present ^ view.config.present
    return tuple(_choice(view, side, differing) for side in _LABELS) if differing else ()


def _choice(view: DomainView, side: Side, differing: frozenset[int]) -> SyncChoice:
    refused = refusal(view, Action.SYNC, differing, side)
    return SyncChoice(
        side=side,
        label=_LABELS[side],
        value=f"sync {side} {cpulist.dump(differing)}",
        sentence=refused.sentence(view.name) if refused else _deed(view, side, differing),
        possible=refused is None,
    )


def _deed(view: DomainView, side: Side, differing: frozenset[int]) -> str:
    model = view.slots(Side.LIVE if side is Side.CONFIG else Side.CONFIG)
    added = differing & model.present if model else frozenset()
    removed = differing - added
    where = {Side.CONFIG: "the configuration", Side.LIVE: "the running guest"}[side]
    parts = []
    if added:
        parts.append(f"adds vCPU {cpulist.dump(added)} to {where}")
    if removed:
        parts.append(f"removes vCPU {cpulist.dump(removed)} from {'it' if added else where}")
    words = " and ".join(parts)
    if removed and side is Side.LIVE:
        words += "; the guest must let go"
    delay = removal_hint(view) if hint(view, Action.SYNC, differing, side) else None
    return f"{words[0].upper()}{words[1:]}." + (f" {delay.message}" if delay else "")
