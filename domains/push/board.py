"""What the elements of a topic look like to an audience, so that only what differs is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Look:
    """How an element looked when it was last rendered, and the highest revision that can have made it so."""

    digest: int
    revision: int


class Board:
    """How the elements of one topic look to one audience. ``primed`` says that all of them are known."""

    def __init__(self) -> None:
        self.primed = False
        self._looks: dict[str, Look] = {}

    def prime(self, fragments: Mapping[str, str], revision: int) -> None:
        """Note how elements look that are not known yet. What is known stays: its difference is yet to be sent."""
        self.primed = True
        for element, html in fragments.items():
            self._looks.setdefault(element, Look(hash(html), revision))

    def update(self, fragments: Mapping[str, str], revision: int) -> set[str]:
        """Note how elements look now, and give the ids of those that have changed."""
        changed = set()
        for element, html in fragments.items():
            look = self._looks.get(element)
            digest = hash(html)
            if look is None or look.digest != digest:
                self._looks[element] = Look(digest, revision)
                changed.add(element)
        return changed

    def revision(self, element: str) -> int:
        """Give the highest revision that can have made a known element look as it does."""
        return self._looks[element].revision
