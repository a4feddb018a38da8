"""Units: the smallest sets of slots that the hypervisor plugs together."""

from __future__ import annotations

from collections.abc import Iterable


def unit_of(vcpu: int, unit_size: int) -> frozenset[int]:
    """Give all slots of the unit that holds this slot: itself on x86, a whole core on pSeries."""
    first = vcpu - vcpu % unit_size
    return frozenset(range(first, first + unit_size))


def split(ids: Iterable[int], unit_size: int) -> list[frozenset[int]]:
    """Split IDs by unit, ascending. A part may be smaller than its unit; the rules refuse such a part."""
    parts: dict[int, set[int]] = {}
    for vcpu in sorted(ids):
        parts.setdefault(vcpu // unit_size, set()).add(vcpu)
    return [frozenset(part) for part in parts.values()]
