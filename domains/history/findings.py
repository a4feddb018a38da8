"""What a verification can find, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domains.models.verification import UNREADABLE


class Kind(StrEnum):
    """What is wrong, as far as it can be told."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    CUT_OFF = "cut off"
    MALFORMED = "malformed"
    UNREADABLE = UNREADABLE


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that does not fit. ``seq`` is the entry that it is about, or None for the table."""

    kind: Kind
    seq: int | None
    sentence: str


def entries(first: int, last: int) -> str:
    """Name one entry, or a range of them, at the beginning of a sentence."""
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
