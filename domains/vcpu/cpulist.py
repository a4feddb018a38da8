"""Sets of vCPU IDs as text, in the kernel's and libvirt's list format: ``0-3,5``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

MAX_SLOTS = 4096  # QEMU's highest vCPU ID is 4095, and libvirt takes no larger bitmap


def dump(ids: Iterable[int]) -> str:
    """Write IDs as ascending ranges; the empty set is the empty string."""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges(ids))


def ranges(ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the runs of consecutive IDs as inclusive ``(low, high)`` pairs, ascending."""
    ordered = sorted(ids)
    if not ordered:
        return
    low = ordered[0]
    for before, after in pairwise(ordered):
        if after != before + 1:
            yield low, before
            low = after
    yield low, ordered[-1]


def load(text: str) -> frozenset[int]:
    """Read a list such as ``0-3,5``.

    Raises ``ValueError`` with a sentence for signs, junk, reversed ranges and IDs of 4096 and above.
    """
    ids: set[int] = set()
    for part in text.split(",") if text.strip() else ():
        low_text, dash, high_text = part.strip().partition("-")
        low = _vcpu_id(low_text, text)
        high = _vcpu_id(high_text, text) if dash else low
        if high < low:
            raise ValueError(f"“{part.strip()}” counts downwards; write the lower ID first.")
        ids.update(range(low, high + 1))
    return frozenset(ids)


def _vcpu_id(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(MAX_SLOTS)):
        raise ValueError(f"“{text[:80]}” is not a list of vCPU IDs from 0 to {MAX_SLOTS - 1}, such as 0-3,5.")
    vcpu = int(digits)
    if vcpu >= MAX_SLOTS:
        raise ValueError(f"vCPU {vcpu} is out of range: IDs go from 0 to {MAX_SLOTS - 1}.")
    return vcpu
