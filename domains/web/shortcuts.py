"""The two buttons that need no selection: what "first" and "highest" would mean now, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domains.vcpu import cpulist
from domains.vcpu.refusals import Refusal
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, expand
from domains.vcpu.slots import Side
from domains.vcpu.view import DomainView

_SIDES = {"live": (Side.LIVE,), "config": (Side.CONFIG,), "both": (Side.LIVE, Side.CONFIG)}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a shortcut means for one choice of sides: a slot, or the sentence that says why there is none.

    ``slots`` is the slot's whole unit as a cpulist: what will really change.
    """

    affect: str
    vcpu: int | None
    slots: str
    sentence: str


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


def shortcuts(view: DomainView) -> tuple[Shortcut, ...]:
    """Work out both buttons."""
    return (
        Shortcut("add", "first", _meanings(view, Action.ADD, "first")),
        Shortcut("remove", "highest", _meanings(view, Action.REMOVE, "highest")),
    )


def expected(value: str, affect: str) -> tuple[str, str]:
    """Read a button's value back: the word, and the ID shown for these sides, empty if none was."""
    word, *shown = value.split(" ")
    pairs = dict(part.split(":", 1) for part in shown if ":" in part)
    return word, pairs.get(affect, "")


def _meanings(view: DomainView, action: Action, word: Literal["first", "highest"]) -> tuple[Meaning, ...]:
    out = []
    for affect, sides in _SIDES.items():
        found = resolve(view, action, word, sides)
        if isinstance(found, Refusal):
            out.append(Meaning(affect, None, "", found.sentence(view.name)))
        else:
            out.append(Meaning(affect, found, cpulist.dump(expand(view, found)), ""))
    return tuple(out)
