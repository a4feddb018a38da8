"""Which domains the sweep looks at next: changes of configuration by others show in no event and no figure."""

from __future__ import annotations

from collections.abc import Collection
from math import ceil

AT_ONCE = 200  # with more domains than this a second, a round takes longer
WORTH_IT = 10  # a part of so many domains is handed out at once; each part costs a query and a message


class Rounds:
    """Goes round all domains within ``whole`` seconds, and to the open ones every ``often`` seconds.

    A round's small parts are put together for up to ``part`` seconds.
    """

    def __init__(self, whole: float, often: float, part: float) -> None:
        self._whole = whole
        self._often = often
        self._longest = part
        self._order: dict[str, None] = {}  # the next one first
        self._looked: dict[str, float] = {}
        self._part: float | None = None

    def __len__(self) -> int:
        return len(self._order)

    def known(self, uuids: Collection[str]) -> frozenset[str]:
        """Give those of some domains that are among these."""
        return frozenset(uuid for uuid in uuids if uuid in self._order)

    def add(self, uuids: Collection[str]) -> None:
        """Take domains in, at the end of the round."""
        for uuid in uuids:
            self._order.setdefault(uuid)

    def remove(self, uuid: str) -> None:
        """Leave a domain out from now on."""
        self._order.pop(uuid, None)
        self._looked.pop(uuid, None)

    def due(self, moment: float, opened: Collection[str]) -> list[str]:
        """Give the part of the round that falls to ``moment`` (seconds), open domains first."""
        first = [uuid for uuid in opened if uuid in self._order and self._is_due(uuid, moment)][:AT_ONCE]
        for uuid in first:
            self._looked[uuid] = moment
        return list(dict.fromkeys([*first, *self._next(moment)]))

    def _next(self, moment: float) -> list[str]:
        """Give the next part of the round, if it is large or old enough to be worth it."""
        if self._part is None:
            self._part = moment
        elapsed = moment - self._part
        share = min(ceil(len(self._order) * elapsed / self._whole), len(self._order), AT_ONCE)
        if share < WORTH_IT and elapsed < self._longest:
            return []
        self._part = moment
        part = [uuid for uuid, _ in zip(self._order, range(share), strict=False)]
        for uuid in part:  # to the end of the round
            del self._order[uuid]
            self._order[uuid] = None
        return part

    def _is_due(self, uuid: str, moment: float) -> bool:
        return moment - self._looked.get(uuid, -self._often) >= self._often
