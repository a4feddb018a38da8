"""Slot maps a few pixels high: the card and the strip of every slot, as one small drawing.

A run of equal slots is one dashed line, so a map costs a few hundred bytes however many slots it shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from domains.vcpu.slots import SlotMap
from domains.web.strokes import NAMES, Strokes, strokes_of

BARS = 64  # a map of more slots than FINE shows this many bars, each a share of the slots
FINE = 512
_RUN = re.compile(r"(\w)\1*")


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in pixels: a slot's width and the gap after it, card and strip heights, and slots in a row."""

    width: float
    gap: float
    card: float
    strip: float
    per_row: int

    @property
    def step(self) -> float:
        """From one slot to the next."""
        return self.width + self.gap

    @property
    def high(self) -> float:
        """The height of one row with the space below it."""
        return self.card + self.strip + 4


def small(count: int) -> Scale:
    """Choose a scale for a map in a table row."""
    if count <= 32:  # the sizes that were tried out
        return Scale(4.5, 1, 9, 3, 32)
    return Scale(2, 1, 6, 2, 64) if count <= 128 else Scale(2, 1, 4, 1, 128)


def draw(
    live: SlotMap | None, config: SlotMap | None, *, working: Mapping[int, str] | None = None
) -> SafeString:
    """Draw both sides. ``working`` gives the state of slots that an operation works on.

    More than 512 slots are drawn as shares.
    """
    count = max((slots.maximum for slots in (live, config) if slots), default=0)
    if count > FINE:
        return _bars(live, config, count)
    ids = range(count)
    return _drawn(strokes_of(live, config, working or {}, count), small(count), _label(live, config, ids))


def draw_part(
    live: SlotMap | None, config: SlotMap | None, strokes: Strokes, *, ids: range, scale: Scale
) -> SafeString:
    """Draw some of the slots, of which ``strokes`` are already known."""
    return _drawn(strokes.of(ids), scale, _label(live, config, ids))


@lru_cache(maxsize=4096)
def _drawn(strokes: Strokes, scale: Scale, label: str) -> SafeString:
    """Write the drawing. Kept, because most guests, and most sockets of a large one, look like another."""
    runs: dict[tuple[str, float], list[str]] = {}
    for layer, top, thick in (
        (strokes.cards, 0.0, scale.card),
        (strokes.signs, scale.card * 0.25, scale.card * 0.5),
        (strokes.strips, scale.card + 1, scale.strip),
        (strokes.base, scale.card + scale.strip, 1.0),
    ):
        for row, start in enumerate(range(0, len(layer), scale.per_row)):
            y = row * scale.high + top + thick / 2
            for run in _RUN.finditer(layer[start : start + scale.per_row]):
                length = (run.end() - run.start()) * scale.step - scale.gap
                runs.setdefault((NAMES[run[1]], thick), []).append(
                    f"M{run.start() * scale.step:g} {y:g}h{length:g}"
                )
    count = len(strokes.cards)
    width = min(count, scale.per_row) * scale.step - scale.gap
    height = -(-count // scale.per_row) * scale.high - 3
    return _svg(label, (max(width, 1), max(height, 1)), (scale.width, scale.gap), _paths(runs))


def _bars(live: SlotMap | None, config: SlotMap | None, count: int) -> SafeString:
    """Draw each bar as high as the share of its slots that is present, in eighths; equal neighbours are one stroke."""
    strokes: dict[tuple[str, float], list[str]] = {}
    for kind, slots, bottom, high, least in (("pres", live, 9.0, 9.0, 1), ("conf", config, 13.0, 3.0, 3)):
        bar = 0
        for level, alike in groupby(_levels(slots, count)):
            length = len(list(alike))
            if level or kind == "conf":
                name, thick = (kind, high * max(level, least) / 8) if level else ("base", 1.0)
                part = f"M{bar * 3} {bottom - thick / 2:g}h{length * 3 - 1}"
                strokes.setdefault((name, thick), []).append(part)
            bar += length
    return _svg(_label(live, config, range(count)), (BARS * 3 - 1, 13), (2, 1), _paths(strokes))


def _levels(slots: SlotMap | None, count: int) -> list[int]:
    share = -(-count // BARS)
    parts = (range(first, min(first + share, count)) for first in range(0, count, share))
    return [-(-8 * len(slots.present.intersection(ids)) // len(ids)) if slots else 0 for ids in parts]


def _paths(strokes: Mapping[tuple[str, float], list[str]]) -> SafeString:
    return format_html_join(
        "",
        '<path class="run {}" stroke-width="{}" d="{}"/>',
        ((name, f"{thick:g}", "".join(parts)) for (name, thick), parts in strokes.items()),
    )


def _label(live: SlotMap | None, config: SlotMap | None, ids: range) -> str:
    words = [
        f"{len(slots.present.intersection(ids))} {name}"
        for slots, name in ((live, "live"), (config, "in config"))
        if slots
    ]
    return f"{len(ids)} slots: {', '.join(words)}"


def _svg(label: str, size: tuple[float, float], dashes: tuple[float, float], lines: SafeString) -> SafeString:
    return format_html(
        '<svg class="map" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}"'
        ' stroke-dasharray="{} {}">{}</svg>',
        label,
        *(f"{number:g}" for number in (*size, *size, *dashes)),
        lines,
    )
