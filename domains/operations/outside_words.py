"""The words for what somebody changed outside: what of a guest changed, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domains.vcpu import cpulist

Part = tuple[str, str]  # what of the guest changed, and how

_SIDES = {"live": "live", "config": "in config"}
_SLOTS = "vCPU "
_HOW = {
    "appeared": "appeared {}",
    "disappeared": "disappeared {}",
    "removable": "became removable {}",
    "fixed": "became fixed {}",
}


@dataclass(frozen=True, slots=True)
class Told:
    """``subject of GUEST predicate other``, or without a subject ``GUEST predicate other``.

    ``other`` is a second name. ``listed`` says that the predicate is a list; ``changed`` that slots changed while
    the guest as a whole is as it was.
    """

    subject: str
    predicate: str
    other: str = ""
    listed: bool = False
    changed: bool = False


def tell(body: dict[str, Any]) -> Told:
    """Tell an entry of kind ``outside``, of whatever age and however little it says."""
    effects = body.get("effects") or []
    former = next((str(effect["renamed_from"]) for effect in effects if effect.get("renamed_from")), "")
    itself = _moves(effects, body) or [*_run(effects), *_definition(effects)]
    itself += ["was renamed from"] if former else []
    parts = [part for effect in effects for part in _parts(effect)]
    if not itself:
        return _told(parts)
    listed = _listed(parts)
    # A second name stands at the end, where it can be told apart from the words.
    told = "; ".join([*listed, *itself] if former else [*itself, *listed])
    return Told("", told, former, listed=bool(former and listed))


def _told(parts: Sequence[Part]) -> Told:
    if not parts:
        return Told("", "changed")
    if len(parts) == 1:
        return Told(*parts[0], changed=True)
    if all(subject.startswith(_SLOTS) for subject, _ in parts):
        words = "; ".join(f"{subject.removeprefix(_SLOTS)} {how}" for subject, how in parts)
        return Told("Slots", words, listed=True, changed=True)
    return Told("", "; ".join(_listed(parts)), listed=True, changed=True)


def _listed(parts: Sequence[Part]) -> list[str]:
    return [f"{subject.replace('The', 'the')} {how}" for subject, how in parts]


def _parts(effect: dict[str, Any]) -> Iterator[Part]:
    """What happened to the slots of one side."""
    side = str(effect.get("side") or "")
    where = _SIDES.get(side, f"in {side}")
    for key, how in _HOW.items():
        if effect.get(key):
            yield f"{_SLOTS}{effect[key]}", how.format(where)
    if effect.get("maximum"):
        low, high = effect["maximum"]
        yield "The maximum", f"went from {low} to {high} {where}"


def _run(effects: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A run that began or ended, and what was lost by that."""
    for effect in effects:
        began, ended = effect.get("began"), effect.get("ended")
        if began and ended:
            yield "stopped and was started again"
        elif began:
            yield "was started"  # in whatever state it was caught: libvirt starts every guest paused
        elif ended:
            yield "stopped" if ended == "shut off" else f"stopped ({ended})"
        if effect.get("lost"):
            are = "is" if len(cpulist.load(effect["lost"])) == 1 else "are"
            yield f"{_SLOTS}{effect['lost']}, in the running guest only, {are} gone with it"


def _definition(effects: Sequence[dict[str, Any]]) -> Iterator[str]:
    for effect in effects:
        if effect.get("defined"):
            yield "became persistent"
        elif effect.get("undefined"):
            yield "became transient"


def _moves(effects: Sequence[dict[str, Any]], body: dict[str, Any]) -> list[str]:
    """A domain that came or went, which says what its sides say too."""
    host = body.get("host") or "its host"
    for effect in effects:
        known_on = effect.get("known_on")
        if effect.get("gone"):
            return [f"disappeared from {host}{_lost(body.get('before') or {})}"]
        if effect.get("arrived"):
            return [f"appeared on {host}; {known_on} has shown the same UUID, so it was moved or copied"]
        if effect.get("returned"):
            return [f"came back to {host}", *([f"{known_on} has shown the same UUID"] if known_on else [])]
    return []


def _lost(before: dict[str, Any]) -> str:
    had = [f"{_SLOTS}{slots['present']} {_SIDES[side]}" for side in _SIDES if (slots := before.get(side))]
    return f", and with it {' and '.join(had)}" if had else ""
