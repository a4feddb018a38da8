"""The checks of one side's slots: what libvirt and QEMU look at, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from domains.vcpu import cpulist, units
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal, invalid
from domains.vcpu.slots import Side, SlotMap


@dataclass(frozen=True, slots=True)
class Facts:
    """One side's slots with what is dear to compute: the fixed IDs, highest first."""

    slots: SlotMap
    side: Side
    unit_size: int
    fixed: tuple[int, ...]


def facts_of(slots: SlotMap, side: Side, unit_size: int) -> Facts:
    """Gather what the checks need of one side."""
    return Facts(slots, side, unit_size, tuple(sorted(slots.fixed, reverse=True)))


def out_of_range(facts: Facts, ids: frozenset[int]) -> Refusal | None:
    """Name the first ID that the side has no slot for, the highest one first as libvirt does."""
    highest, maximum = max(ids), facts.slots.maximum
    if min(ids) < 0:
        return Refusal(Reason.OUT_OF_RANGE, min(ids), facts.side, {"maximum": maximum})
    if highest >= maximum:
        return Refusal(Reason.OUT_OF_RANGE, highest, facts.side, {"maximum": maximum})
    return None


def _partial_unit(facts: Facts, ids: frozenset[int]) -> Refusal | None:
    for part in units.split(ids, facts.unit_size):
        vcpu = min(part)
        unit = units.unit_of(vcpu, facts.unit_size)
        if part != unit:
            return Refusal(Reason.PARTIAL_UNIT, vcpu, facts.side, {"unit": cpulist.dump(unit)})
    if facts.side is Side.LIVE and len(ids) > facts.unit_size:
        return invalid("A running guest's vCPUs are changed one unit at a time.")
    return None


def _followed_by_fixed(facts: Facts, ids: frozenset[int]) -> Refusal | None:
    if facts.side is not Side.CONFIG:
        return None
    if 0 in ids:
        return Refusal(Reason.VCPU0_FIXED, 0, facts.side)
    after = next((vcpu for vcpu in facts.fixed if vcpu not in ids), 0)
    if after > min(ids):
        return Refusal(Reason.FOLLOWED_BY_FIXED, min(ids), facts.side, {"fixed": after})
    return None


def check_add(facts: Facts, ids: frozenset[int]) -> Refusal | None:
    """Mirror libvirt's order: range, state, whole unit, then what the configuration does not allow."""
    refused = out_of_range(facts, ids)
    if refused:
        return refused
    already = ids & facts.slots.present
    # A live call fails for one present slot among several; a config call is only pointless if all are.
    if already and (facts.side is Side.LIVE or already == ids):
        return Refusal(Reason.ALREADY_PRESENT, min(already), facts.side)
    return _partial_unit(facts, ids) or _followed_by_fixed(facts, ids)


def check_remove(facts: Facts, ids: frozenset[int]) -> Refusal | None:
    """As for adding; what cannot be unplugged is noticed last, as in libvirt."""
    refused = out_of_range(facts, ids)
    if refused:
        return refused
    already = ids - facts.slots.present
    if already and (facts.side is Side.LIVE or already == ids):
        return Refusal(Reason.ALREADY_ABSENT, min(already), facts.side)
    refused = _partial_unit(facts, ids) or _followed_by_fixed(facts, ids)
    if refused or facts.side is Side.CONFIG:
        return refused
    fixed = ids - facts.slots.removable
    if 0 in fixed:
        return Refusal(Reason.VCPU0_FIXED, 0, facts.side)
    return Refusal(Reason.NOT_REMOVABLE, min(fixed), facts.side) if fixed else None


def check_make_removable(facts: Facts, ids: frozenset[int]) -> Refusal | None:
    """Only a present, fixed slot other than 0 can be made removable."""
    refused = out_of_range(facts, ids)
    if refused:
        return refused
    absent = ids - facts.slots.present
    if absent:
        return Refusal(Reason.ALREADY_ABSENT, min(absent), facts.side)
    if 0 in ids:
        return Refusal(Reason.VCPU0_FIXED, 0, facts.side)
    if ids <= facts.slots.removable:
        return Refusal(Reason.ALREADY_REMOVABLE, min(ids), facts.side)
    # Fixed ones above do not stand in the way: they are named in the same call, see removable_set.
    return _partial_unit(facts, ids)
