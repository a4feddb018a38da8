"""Slot maps a few pixels high: the card and the strip of every slot, as one small drawing.

A run of equal slots is one dashed line, so a map costs a few hundred bytes however many slots it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from domains.vcpu.slots import SlotMap

BARS = 64  # a map of more slots than FINE shows this many bars, each a share of the slots
FINE = 512


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
    live: SlotMap | None,
    config: SlotMap | None,
    *,
    working: Mapping[int, str] | None = None,
    scale: Scale | None = None,
    ids: range | None = None,
) -> SafeString:
    """Draw both sides. ``working`` gives the state of slots that an operation works on.

    ``ids`` picks a part of the slots. More than 512 slots are drawn as shares.
    """
    count = max((slots.maximum for slots in (live, config) if slots), default=0)
    ids = ids if ids is not None else range(count)
    if len(ids) > FINE:
        return _bars(live, config, count)
    return _rows(
        _Sides(live, config, working or {}), ids, scale or small(len(ids)), _label(live, config, ids)
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """Names the classes of a slot's card, strip and sign; an empty name draws nothing."""

    live: SlotMap | None
    config: SlotMap | None
    working: Mapping[int, str]

    def card(self, vcpu: int) -> str:
        slots = self.live
        if slots is None or vcpu not in slots.present or vcpu in self.working:
            return ""
        if self.config is not None and vcpu not in self.config.present:
            return "diff"
        return "pres" if vcpu in slots.removable else "fixd"

    def strip(self, vcpu: int) -> str:
        if self.config is None or vcpu not in self.config.present:
            return ""
        if self.live is not None and vcpu not in self.live.present:
            return "diff"
        return "conf" if vcpu in (self.live or self.config).removable else "fixd"

    def base(self, vcpu: int) -> str:
        return "" if self.strip(vcpu) else "base"

    def sign(self, vcpu: int) -> str:
        return {
            "waiting": "wait",
            "unconfirmed": "wait",
            "failed": "fail",
            "queued": "addg",
            "adding": "addg",
            "removing": "addg",
            "changing": "addg",
        }.get(self.working.get(vcpu, ""), "")


def _rows(sides: _Sides, ids: range, scale: Scale, label: str) -> SafeString:
    runs: dict[tuple[str, float], list[str]] = {}
    for name_of, top, thick in (
        (sides.card, 0.0, scale.card),
        (sides.sign, scale.card * 0.25, scale.card * 0.5),
        (sides.strip, scale.card + 1, scale.strip),
        (sides.base, scale.card + scale.strip, 1.0),
    ):
        for name, start, length in _runs(ids, name_of, scale.per_row):
            row, column = divmod(start, scale.per_row)
            y = row * scale.high + top + thick / 2
            runs.setdefault((name, thick), []).append(
                f"M{column * scale.step:g} {y:g}h{length * scale.step - scale.gap:g}"
            )
    rows = -(-len(ids) // scale.per_row)
    width = min(len(ids), scale.per_row) * scale.step - scale.gap
    height = rows * scale.high - 3
    lines = format_html_join(
        "",
        '<path class="run {}" stroke-width="{}" stroke-dasharray="{} {}" d="{}"/>',
        (
            (name, f"{thick:g}", f"{scale.width:g}", f"{scale.gap:g}", "".join(parts))
            for (name, thick), parts in runs.items()
        ),
    )
    return _svg(label, max(width, 1), max(height, 1), lines)


def _runs(ids: range, name_of: Callable[[int], str], per_row: int) -> Iterable[tuple[str, int, int]]:
    """Yield the runs of slots of one name within a row, as (name, index of the first, length)."""
    name, start = "", 0
    for index, vcpu in enumerate(ids):
        now = name_of(vcpu)
        if now != name or index % per_row == 0:
            if name:
                yield name, start, index - start
            name, start = now, index
    if name:
        yield name, start, len(ids) - start


def _bars(live: SlotMap | None, config: SlotMap | None, count: int) -> SafeString:
    """Draw each bar as high as the share of its slots that is present."""
    share = -(-count // BARS)
    parts: dict[str, list[str]] = {"pres": [], "conf": [], "base": []}
    for bar in range(-(-count // share)):
        ids, x = range(bar * share, min((bar + 1) * share, count)), bar * 3
        if live and (full := _share(live, ids)):
            parts["pres"].append(f"M{x} {9 * (1 - full):g}h2v{9 * full:g}h-2z")
        if config and (full := _share(config, ids)):
            parts["conf"].append(f"M{x} {13 - 3 * max(full, 0.3):g}h2v{3 * max(full, 0.3):g}h-2z")
        else:
            parts["base"].append(f"M{x} 12h2v1h-2z")
    lines = format_html_join(
        "", '<path class="{}" d="{}"/>', ((name, "".join(all_)) for name, all_ in parts.items() if all_)
    )
    return _svg(_label(live, config, range(count)), BARS * 3 - 1, 13, lines)


def _share(slots: SlotMap, ids: range) -> float:
    return sum(vcpu in slots.present for vcpu in ids) / len(ids)


def _label(live: SlotMap | None, config: SlotMap | None, ids: range) -> str:
    words = [
        f"{sum(vcpu in slots.present for vcpu in ids)} {name}"
        for slots, name in ((live, "live"), (config, "in config"))
        if slots
    ]
    return f"{len(ids)} slots: {', '.join(words)}"


def _svg(label: str, width: float, height: float, lines: SafeString) -> SafeString:
    return format_html(
        '<svg class="map" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>',
        label,
        *(f"{size:g}" for size in (width, height, width, height)),
        lines,
    )
