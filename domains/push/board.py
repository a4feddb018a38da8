"""What the elements of a topic look like to an audience, so that only what differs is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Heard(NamedTuple):
    """How often something was heard of since it was drawn, and the highest revision that was named.

    What was found changed rather than announced may have changed any number of times: that is ``MANY``.
    """

    times: int = 0
    revision: int = 0

    def and_then(self, other: Heard) -> Heard:
        """Add what was heard besides."""
        return Heard(self.times + other.times, max(self.revision, other.revision))


ONCE, MANY = 1, 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing of some elements, in a batch of the hub.

    ``newest`` is the highest revision of the rows that it shows, ``revision`` the highest that can have been visible
    in it, and ``heard`` what made it due.
    """

    fragments: Mapping[str, str]
    newest: int
    revision: int
    batch: int
    heard: Heard


@dataclass(slots=True)
class Look:
    """How an element looked when it was last drawn.

    ``revision`` is the highest that can have made it so, ``newest`` the highest of the rows that it showed by then,
    and ``batch`` the last one in which everybody was given it, 0 for none.
    """

    digest: int
    revision: int
    newest: int
    batch: int


class Board:
    """How the elements of one topic look to one audience. ``primed`` says that all of them are known."""

    def __init__(self) -> None:
        self.primed = False
        self.looks: dict[str, Look] = {}

    def batch(self, element: str) -> int:
        """Give the last batch in which everybody was given an element, 0 for none."""
        look = self.looks.get(element)
        return look.batch if look else 0

    def prime(self, fragments: Mapping[str, str], newest: int) -> None:
        """Note how elements look that are not known yet. What is known stays: its difference is yet to be sent."""
        self.primed = True
        for element, html in fragments.items():
            self.looks.setdefault(element, Look(hash(html), newest, newest, 0))

    def update(self, drawing: Drawing) -> set[str]:
        """Note how elements look now, and give the ids of those that have changed.

        One that looks as before may have looked otherwise in between, where it may have changed more than once: a page
        that was made then does not show it as it is, so its look counts as new.
        """
        changed = set()
        for element, html in drawing.fragments.items():
            digest, look = hash(html), self.looks.get(element)
            if look is None or look.digest != digest:
                changed.add(element)
                self.looks[element] = Look(digest, drawing.revision, drawing.newest, drawing.batch)
                continue
            if drawing.heard.times > 1 or drawing.newest > max(look.newest, drawing.heard.revision):
                look.revision = drawing.revision
            look.newest, look.batch = max(look.newest, drawing.newest), drawing.batch
        return changed
