"""The two buttons that need no selection: what "first" and "highest" would mean now, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domains.vcpu import cpulist
from domains.vcpu.cores import leaves
from domains.vcpu.hints import removal_hint
from domains.vcpu.refusals import Refusal
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, expand
from domains.vcpu.slots import Side
from domains.vcpu.topology import Topology
from domains.vcpu.view import DomainView

_SIDES = {"live": (Side.LIVE,), "config": (Side.CONFIG,), "both": (Side.LIVE, Side.CONFIG)}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a shortcut means for one choice of sides: a slot, or the sentence that says why there is none.

    ``slots`` is the slot's whole unit as a cpulist: what will really change. ``note`` is what to know before.
    """

    affect: str
    vcpu: int | None
    slots: str
    sentence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One button. ``value`` tells the server what the person was shown: ``first live:5 config:6 both:6``."""

    action: str
    word: Literal["first", "highest"]
    meanings: tuple[Meaning, ...]

    @property
    def value(self) -> str:
        """The button's value in the form."""
        shown = [f"{m.affect}:{m.vcpu}" for m in self.meanings if m.vcpu is not None]
        return " ".join((self.word, *shown))


def shortcuts(view: DomainView, topology: Topology | None = None) -> tuple[Shortcut, ...]:
    """Work out both buttons."""
    return (
        Shortcut("add", "first", _meanings(view, topology, Action.ADD, "first")),
        Shortcut("remove", "highest", _meanings(view, topology, Action.REMOVE, "highest")),
    )


def expected(value: str, affect: str) -> tuple[str, str]:
    """Read a button's value back: the word, and the ID shown for these sides, empty if none was."""
    word, *shown = value.split(" ")
    pairs = dict(part.split(":", 1) for part in shown if ":" in part)
    return word, pairs.get(affect, "")


def _meanings(
    view: DomainView, topology: Topology | None, action: Action, word: Literal["first", "highest"]
) -> tuple[Meaning, ...]:
    out = []
    for affect, sides in _SIDES.items():
        found = resolve(view, action, word, sides)
        if isinstance(found, Refusal):
            out.append(Meaning(affect, None, "", found.sentence(view.name)))
        else:
            unit = expand(view, found)
            note = _note(view, topology, action, unit, sides)
            out.append(Meaning(affect, found, cpulist.dump(unit), "", note))
    return tuple(out)


def _note(
    view: DomainView, topology: Topology | None, action: Action, unit: frozenset[int], sides: tuple[Side, ...]
) -> str:
    """Say what would delay it, and that it would leave half a core where threads are plugged one by one."""
    slots = view.slots(sides[0])
    delay = removal_hint(view) if action is Action.REMOVE and Side.LIVE in sides else None
    words = [delay.message] if delay else []
    if topology and view.unit_size == 1 and slots:
        before = slots.present
        half = leaves(topology, before, before | unit if action is Action.ADD else before - unit)
        words += [f"{half[0].upper()}{half[1:]}."] if half else []
    return " ".join(words)
