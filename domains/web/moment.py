"""One moment in the life of an operation: both slot maps, and the shapes that each slot is drawn with."""

from __future__ import annotations

from dataclasses import dataclass, field

from domains.vcpu.slots import SlotMap
from domains.web.differences import Difference

WIDTH, CARD, STRIP = 16, 22, 5
SIGNS = 9  # below the strip, for the signs of the configuration

Shape = tuple[str, str]  # class and path


@dataclass(frozen=True, slots=True)
class Moment:
    """Both sides at one moment, and what differs in them from an earlier one."""

    title: str
    live: SlotMap | None
    config: SlotMap | None
    on_card: Difference = field(default_factory=Difference)
    on_strip: Difference = field(default_factory=Difference)

    @property
    def changed(self) -> frozenset[int]:
        """The slots that differ on either side."""
        return self.on_card.slots | self.on_strip.slots

    @property
    def told(self) -> tuple[str, ...]:
        """What differs, in words."""
        return (*self.on_card.told("live"), *self.on_strip.told("config"))


def drawn(moment: Moment, vcpu: int, x: float, top: float) -> list[Shape]:
    """Draw a slot with its left upper corner at ``x``, ``top``: card, strip and what became of it."""
    return _slot(moment, vcpu, x, top) + _signs(moment, vcpu, x, top)


def _slot(moment: Moment, vcpu: int, x: float, top: float) -> list[Shape]:
    live, config = moment.live, moment.config
    here = live is not None and vcpu in live.present
    kept = config is not None and vcpu in config.present
    differs = live is not None and config is not None and here != kept
    known = live or config
    fixed = known is not None and vcpu in known.present and vcpu not in known.removable
    name = "diff" if differs else "fixd" if fixed else "pres"
    strip = top + CARD + 2
    out = [(name, f"M{x} {top}h{WIDTH}v{CARD}h-{WIDTH}z")] if here else []
    if kept:
        out.append((name, f"M{x} {strip}h{WIDTH}v{STRIP}h-{WIDTH}z"))
    elif not here or differs:
        out.append(("base", f"M{x} {strip + STRIP - 1}h{WIDTH}v1h-{WIDTH}z"))
    return out


def _signs(moment: Moment, vcpu: int, x: float, top: float) -> list[Shape]:
    """Draw the sign of what became of a slot: in its card for live, below its strip for the configuration."""
    centre = x + WIDTH / 2
    below = top + CARD + 2 + STRIP + SIGNS / 2 + 1
    out = []
    if vcpu in moment.on_card.went:
        out.append(("went", f"M{x + 0.5} {top + 0.5}h{WIDTH - 1}v{CARD - 1}h-{WIDTH - 1}z"))
    if sign := _sign(moment.on_card, vcpu, centre, top + CARD / 2, 4.5):
        out.append(("sign" if vcpu in moment.on_card.went else "sign on", sign))
    if sign := _sign(moment.on_strip, vcpu, centre, below, 3.5):
        out.append(("sign", sign))
    return out


def _sign(differs: Difference, vcpu: int, x: float, y: float, half: float) -> str:
    """Draw a plus, a minus, or for slots that stayed a caret up (now removable) or down (now fixed)."""
    if vcpu in differs.came:
        return f"M{x - half} {y}h{2 * half}M{x} {y - half}v{2 * half}"
    if vcpu in differs.went:
        return f"M{x - half} {y}h{2 * half}"
    if vcpu in differs.removable:
        return f"M{x - half} {y + half / 2}l{half} {-half}l{half} {half}"
    if vcpu in differs.fixed:
        return f"M{x - half} {y - half / 2}l{half} {half}l{half} {-half}"
    return ""
