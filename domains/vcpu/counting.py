"""Drivers that can only set how many vCPUs there are: where a count changes the very slot that is meant."""

from __future__ import annotations

from collections.abc import Sequence

from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal
from domains.vcpu.slots import Side, SlotMap


def find(maps: Sequence[tuple[Side, SlotMap]], *, adding: bool) -> int | Refusal:
    """Find the first absent or the highest slot where one more or one less vCPU is exactly that slot.

    That is so where each side holds the slots from 0 without a hole, and all sides equally many.
    """
    counts = {len(slots.present) for _, slots in maps}
    side = maps[0][0] if len(maps) == 1 else None
    if len(counts) != 1 or not all(_dense(slots.present) for _, slots in maps):
        return Refusal(Reason.SPECIFIC_UNSUPPORTED, side=side)
    count = counts.pop()
    if adding:
        room = count < min(slots.maximum for _, slots in maps)
        return count if room else Refusal(Reason.NO_ABSENT_SLOT, side=side)
    return count - 1 if count > 1 else Refusal(Reason.NOTHING_REMOVABLE, side=side)


def check(slots: SlotMap, side: Side, vcpu: int, *, adding: bool) -> Refusal | None:
    """Say why a count would not change exactly this slot on one side now, or None."""
    if (vcpu in slots.present) == adding:
        return Refusal(Reason.ALREADY_PRESENT if adding else Reason.ALREADY_ABSENT, vcpu, side)
    if vcpu >= slots.maximum:
        return Refusal(Reason.OUT_OF_RANGE, vcpu, side, {"maximum": slots.maximum})
    after = slots.present | {vcpu} if adding else slots.present - {vcpu}
    exact = after and _dense(slots.present) and _dense(after)
    return None if exact else Refusal(Reason.CHANGED_MEANWHILE, vcpu, side)


def _dense(present: frozenset[int]) -> bool:
    return bool(present) and max(present) + 1 == len(present)
