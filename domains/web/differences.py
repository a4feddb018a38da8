"""What differs between the slot maps before and after an operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domains.vcpu import cpulist
from domains.vcpu.slots import SlotMap

NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of the slots of one side: they came or went, or stayed and became removable or fixed."""

    came: frozenset[int] = NOTHING
    went: frozenset[int] = NOTHING
    removable: frozenset[int] = NOTHING
    fixed: frozenset[int] = NOTHING

    @property
    def slots(self) -> frozenset[int]:
        """Every slot that differs."""
        return self.came | self.went | self.removable | self.fixed

    def told(self, side: str) -> Iterator[str]:
        """Say what differs, such as ``vCPU 5 went, live``."""
        for slots, what in (
            (self.came, "came"),
            (self.went, "went"),
            (self.removable, "became removable"),
            (self.fixed, "became fixed"),
        ):
            if slots:
                yield f"vCPU {cpulist.dump(slots)} {what}, {side}"


def difference(before: SlotMap | None, after: SlotMap | None) -> Difference:
    """Compare one side's maps. A side of which one map is missing was not compared: nothing differs."""
    if before is None or after is None:
        return Difference()
    stayed = before.present & after.present
    return Difference(
        came=after.present - before.present,
        went=before.present - after.present,
        removable=stayed & after.removable - before.removable,
        fixed=stayed & before.removable - after.removable,
    )
