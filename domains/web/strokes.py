"""What each slot of a small map looks like: a letter a slot, so that runs of equal slots are quickly found."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from domains.vcpu.slots import SlotMap

NOTHING = "."
NAMES = {
    "p": "pres",
    "c": "conf",
    "f": "fixd",
    "d": "diff",
    "w": "wait",
    "x": "fail",
    "a": "addg",
    "b": "base",
}  # letter to class
_SIGNS = {
    "waiting": "w",
    "unconfirmed": "w",
    "failed": "x",
    "queued": "a",
    "adding": "a",
    "removing": "a",
    "changing": "a",
}
_BARE = str.maketrans({NOTHING: "b"} | dict.fromkeys((letter for letter in NAMES if letter != "b"), NOTHING))


@dataclass(frozen=True, slots=True)
class Strokes:
    """The letters of all slots in the order of their IDs: of their cards, of the signs on them, of the strips below."""

    cards: str
    signs: str
    strips: str

    @property
    def base(self) -> str:
        """The line that stands where no strip is."""
        return self.strips.translate(_BARE)

    def of(self, ids: range) -> Strokes:
        """Give those of some slots that follow each other."""
        part = slice(ids.start, ids.stop)
        return Strokes(self.cards[part], self.signs[part], self.strips[part])


def strokes_of(
    live: SlotMap | None, config: SlotMap | None, working: Mapping[int, str], count: int
) -> Strokes:
    """Work out how ``count`` slots look; ``working`` gives the state of those that an operation works on."""
    signs: dict[str, set[int]] = {}
    for vcpu, state in working.items():
        if state in _SIGNS:
            signs.setdefault(_SIGNS[state], set()).add(vcpu)
    return Strokes(
        _written(_side(live, config, "p", live) | {NOTHING: working.keys()}, count),
        _written(signs, count),
        _written(_side(config, live, "c", live or config), count),
    )


def _side(
    side: SlotMap | None, other: SlotMap | None, letter: str, rules: SlotMap | None
) -> dict[str, Set[int]]:
    """Sort the present slots of one side; ``rules`` says which of them are removable."""
    if side is None or rules is None:
        return {}
    removable = rules.removable
    differ = side.present - other.present if other else frozenset[int]()
    return {letter: side.present & removable, "f": side.present - removable, "d": differ}


def _written(letters: Mapping[str, Set[int]], count: int) -> str:
    """Write a line of letters; a later one takes the place of an earlier one."""
    line = bytearray(NOTHING.encode() * count)
    for letter, ids in letters.items():
        code = ord(letter)
        for vcpu in ids:
            if vcpu < count:
                line[vcpu] = code
    return line.decode("ascii")
