"""The slot maps before and after an operation: the slots it aimed at are ringed, and what differs has a sign."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from domains.models import Operation
from domains.vcpu.slots import SlotMap
from domains.web.differences import difference
from domains.web.moment import CARD, SIGNS, STRIP, WIDTH, Moment, Shape, drawn

ROW = 16
WHOLE = 128  # up to this many slots all are drawn, of more only the rows that matter
_GAP, _TOP = 2, 15
_STEP = WIDTH + _GAP
_HIGH = _TOP + CARD + 2 + STRIP + SIGNS + 3


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment: its heading, counts in words, the drawing, and what differs from the one before, in words."""

    title: str
    counts: str
    svg: SafeString
    told: tuple[str, ...] = ()


def pictures(operation: Operation, ringed: AbstractSet[int]) -> list[Picture]:
    """Draw both moments, or nothing where no map was kept or no slot is chosen yet."""
    (live, config), (live_after, config_after) = _maps(operation.before), _maps(operation.after)
    known = [slots for slots in (live, config, live_after, config_after) if slots]
    if not ringed or not known:
        return []
    before = Moment("Before", live, config)
    after = Moment(
        "After" if operation.final else "Now",
        live_after,
        config_after,
        difference(live, live_after),
        difference(config, config_after),
    )
    count = max(slots.maximum for slots in known)
    marked = ringed | after.changed
    starts = [
        start
        for start in range(0, count, ROW)
        if count <= WHOLE or any(start <= vcpu < start + ROW for vcpu in marked)
    ]
    return [
        Picture(before.title, _counts(before), _draw(before, starts, count, ringed)),
        Picture(after.title, _counts(after), _draw(after, starts, count, ringed), after.told),
    ]


def _maps(stored: Any) -> tuple[SlotMap | None, SlotMap | None]:  # noqa: ANN401  # what a JSON column holds
    sides = stored or {}
    live, config = sides.get("live"), sides.get("config")
    return SlotMap.from_json(live) if live else None, SlotMap.from_json(config) if config else None


def _counts(moment: Moment) -> str:
    words = []
    for slots, differs, side in (
        (moment.live, moment.on_card, "live"),
        (moment.config, moment.on_strip, "config"),
    ):
        if slots is not None:
            change = len(differs.came) - len(differs.went)
            words.append(
                f"{len(slots.present)} {side}" + (f" ({change:+})".replace("-", "−") if change else "")
            )
    return ", ".join(words)


def _draw(moment: Moment, starts: list[int], count: int, ringed: AbstractSet[int]) -> SafeString:
    shapes: list[Shape] = []
    texts: list[tuple[str, float, float, int]] = []
    rings: list[tuple[float, float]] = []
    named = ringed | moment.changed
    for row, start in enumerate(starts):
        top = row * _HIGH + _TOP
        last = min(start + ROW, count) - 1
        for vcpu in range(start, last + 1):
            x = (vcpu - start) * _STEP
            shapes += drawn(moment, vcpu, x, top)
            if vcpu in ringed:
                rings.append((x - 2, top - 2))
            beside = {vcpu - 1, vcpu + 1} & {*range(start, last + 1)}
            if vcpu in named or (vcpu in (start, last) and not named & beside):
                texts.append(("hit" if vcpu in named else "", x + WIDTH / 2, top - 4, vcpu))
    width, height = min(count, ROW) * _STEP + 4, len(starts) * _HIGH
    return format_html(
        '<svg class="map" role="img" aria-label="{}" viewBox="-3 0 {} {}" width="{}" height="{}">{}{}{}</svg>',
        "; ".join((f"{moment.title}: {_counts(moment)}", *moment.told)),
        width,
        height,
        width,
        height,
        format_html_join("", '<path class="{}" d="{}"/>', shapes),
        format_html_join(
            "",
            '<rect class="ring" x="{}" y="{}" width="{}" height="{}" rx="3"/>',
            ((x, y, WIDTH + 4, CARD + STRIP + 6) for x, y in rings),
        ),
        format_html_join("", '<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>', texts),
    )
