"""The slot maps before and after an operation, with the slots that it aimed at ringed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from domains.models import Operation
from domains.vcpu.slots import SlotMap

ROW = 16
WHOLE = 128  # up to this many slots all are drawn, of more only the rows that matter
_WIDTH, _GAP, _CARD, _STRIP, _TOP = 16, 2, 22, 5, 15
_STEP = _WIDTH + _GAP
_HIGH = _TOP + _CARD + 2 + _STRIP + 6


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment: its heading, counts in words, and the drawing."""

    title: str
    counts: str
    svg: SafeString


def pictures(operation: Operation, ringed: AbstractSet[int]) -> list[Picture]:
    """Draw both moments, or nothing where no map was kept or no slot is chosen yet."""
    before, after = _maps(operation.before), _maps(operation.after)
    if not ringed or not any((*before, *after)):
        return []
    count = max(slots.maximum for slots in (*before, *after) if slots)
    starts = [
        start
        for start in range(0, count, ROW)
        if count <= WHOLE or any(start <= vcpu < start + ROW for vcpu in ringed)
    ]
    title = "After" if operation.final else "Now"
    return [
        Picture("Before", _counts(before, None), _draw(before, starts, count, ringed, "Before")),
        Picture(title, _counts(after, before), _draw(after, starts, count, ringed, title)),
    ]


def _maps(stored: Any) -> tuple[SlotMap | None, SlotMap | None]:  # noqa: ANN401  # what a JSON column holds
    sides = stored or {}
    live, config = sides.get("live"), sides.get("config")
    return SlotMap.from_json(live) if live else None, SlotMap.from_json(config) if config else None


def _counts(
    maps: tuple[SlotMap | None, SlotMap | None], earlier: tuple[SlotMap | None, SlotMap | None] | None
) -> str:
    words = []
    for index, side in enumerate(("live", "config")):
        slots = maps[index]
        if slots is None:
            continue
        then = earlier[index] if earlier else None
        change = len(slots.present) - len(then.present) if then else 0
        words.append(f"{len(slots.present)} {side}" + (f" ({change:+})".replace("-", "−") if change else ""))
    return ", ".join(words)


def _draw(
    maps: tuple[SlotMap | None, SlotMap | None],
    starts: list[int],
    count: int,
    ringed: AbstractSet[int],
    title: str,
) -> SafeString:
    live, config = maps
    shapes: list[tuple[str, str]] = []
    texts: list[tuple[str, float, float, int]] = []
    rings: list[tuple[float, float]] = []
    for row, start in enumerate(starts):
        top = row * _HIGH + _TOP
        last = min(start + ROW, count) - 1
        for vcpu in range(start, last + 1):
            x = (vcpu - start) * _STEP
            shapes += _slot(live, config, vcpu, x, top)
            if vcpu in ringed:
                rings.append((x - 2, top - 2))
            if vcpu in ringed or (vcpu in (start, last) and not ringed & {vcpu - 1, vcpu + 1}):
                texts.append(("hit" if vcpu in ringed else "", x + _WIDTH / 2, top - 4, vcpu))
    width, height = min(count, ROW) * _STEP + 4, len(starts) * _HIGH
    words = f"{title}: {_counts(maps, None)}"
    return format_html(
        '<svg class="map" role="img" aria-label="{}" viewBox="-3 0 {} {}" width="{}" height="{}">{}{}{}</svg>',
        words,
        width,
        height,
        width,
        height,
        format_html_join("", '<path class="{}" d="{}"/>', shapes),
        format_html_join(
            "",
            '<rect class="ring" x="{}" y="{}" width="{}" height="{}" rx="3"/>',
            ((x, y, _WIDTH + 4, _CARD + _STRIP + 6) for x, y in rings),
        ),
        format_html_join("", '<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>', texts),
    )


def _slot(
    live: SlotMap | None, config: SlotMap | None, vcpu: int, x: float, top: float
) -> list[tuple[str, str]]:
    here = live is not None and vcpu in live.present
    kept = config is not None and vcpu in config.present
    differs = live is not None and config is not None and here != kept
    known = live or config
    fixed = known is not None and vcpu in known.present and vcpu not in known.removable
    name = "diff" if differs else "fixd" if fixed else "pres"
    strip = top + _CARD + 2
    out = [(name, f"M{x} {top}h{_WIDTH}v{_CARD}h-{_WIDTH}z")] if here else []
    if kept:
        out.append((name, f"M{x} {strip}h{_WIDTH}v{_STRIP}h-{_WIDTH}z"))
    elif not here or differs:
        out.append(("base", f"M{x} {strip + _STRIP - 1}h{_WIDTH}v1h-{_WIDTH}z"))
    return out
