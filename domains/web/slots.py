"""What a page shows of each slot: plain values, computed from the inventory, the rules and open effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from domains.vcpu.slots import Side
from domains.vcpu.view import DomainView
from domains.web.story import Teller, Wiring
from domains.web.work import ORDER, STATES, Work

KEPT = 512  # slots of a guest that are kept as they were described last
SIDES = tuple(Side)


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot as drawn, or one unit of slots that are only plugged together: ``id`` is the first, ``last`` the last.

    ``live`` and ``config`` are "1", "0" or "" (no such side); ``can`` names what could be done now (:meth:`Teller.can`);
    ``guest`` is "off" where the guest's kernel does not use what is plugged, "part" where it uses some of it;
    ``about`` holds one "Heading: text" a line; ``pin`` the host CPUs it may use, nothing where that is told elsewhere.
    """

    id: int
    last: int
    live: str
    config: str
    kind: str
    state: str
    guest: str
    glyph: str
    word: str
    label: str
    about: str
    can: str
    operation: int | None = None
    pin: str = ""
    checked: bool = False

    @property
    def ids(self) -> range:
        """The vCPU IDs."""
        return range(self.id, self.last + 1)

    @property
    def value(self) -> str:
        """What the form sends for it: a cpulist."""
        return str(self.id) if self.id == self.last else f"{self.id}-{self.last}"

    @property
    def name(self) -> str:
        """What people read."""
        return self.value.replace("-", "–")

    def picked(self) -> SlotView:
        """Give the same slot with its box ticked."""
        return replace(self, checked=True)


def slot_count(view: DomainView) -> int:
    """Give the number of slots there are: the higher maximum of the two sides."""
    return max((slots.maximum for slots in (view.live, view.config) if slots), default=0)


def slot_views(
    view: DomainView, wiring: Wiring, works: Iterable[Work], part: range | None = None
) -> list[SlotView]:
    """Describe every slot in the order of their IDs; where slots are plugged in units, every unit.

    ``part`` picks some of them, whole units from the first ID on.
    """
    part = range(slot_count(view)) if part is None else part
    describe = _described if len(part) <= KEPT else _described.__wrapped__
    return list(describe(view, wiring, tuple(works), part))


@lru_cache(maxsize=32)
def _described(
    view: DomainView, wiring: Wiring, works: tuple[Work, ...], part: range
) -> tuple[SlotView, ...]:
    """Describe slots. Kept, because a guest is looked at by several people, and more often than it changes."""
    newest, teller, out = _newest(works), Teller(view, wiring), []
    for first in range(part.start, part.stop, view.unit_size):
        ids = range(first, min(first + view.unit_size, part.stop))
        mine = [newest[vcpu, side] for vcpu in ids for side in SIDES if (vcpu, side) in newest]
        out.append(_slot(view, ids, mine, teller))
    return tuple(out)


def states_of(works: Iterable[Work]) -> dict[int, str]:
    """Give the state of each slot at which an operation is at work, or failed lately."""
    shown: dict[int, set[str]] = {}
    for (vcpu, _), work in _newest(works).items():
        shown.setdefault(vcpu, set()).add(work.shown)
    states = {vcpu: next((name for name in ORDER if name in names), "") for vcpu, names in shown.items()}
    return {vcpu: state for vcpu, state in states.items() if state}


def _newest(works: Iterable[Work]) -> dict[tuple[int, str], Work]:
    """Of each slot and side, what the youngest operation does there."""
    return {(work.vcpu, work.side): work for work in sorted(works, key=lambda each: each.operation)}


def _slot(view: DomainView, ids: range, works: list[Work], teller: Teller) -> SlotView:
    live, config = _mark(view, Side.LIVE, ids), _mark(view, Side.CONFIG, ids)
    slots = view.live or view.config
    fixed = slots is not None and ids[0] in slots.present and ids[0] not in slots.removable
    shown = {work.shown: work for work in works}
    state = next((name for name in ORDER if name in shown), "")
    about, guest = teller.lines(ids), _guest(view, ids)
    if state:
        about.append(shown[state].story)
    state, glyph, word, said = _signs(state, live, config, guest, fixed=fixed)
    name = str(ids[0]) if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"
    return SlotView(
        id=ids[0],
        last=ids[-1],
        live=live,
        config=config,
        kind="fixed" if fixed else "",
        state=state,
        guest=guest,
        glyph=glyph,
        word=word,
        label=f"vCPU {name}: {_where(live, config)}{said}",
        about="\n".join(about),
        can=teller.can(ids),
        pin=teller.pinned(ids),
        operation=shown[state].operation if state in shown else None,
    )


def _signs(state: str, live: str, config: str, guest: str, *, fixed: bool) -> tuple[str, str, str, str]:
    """Give the state, glyph and word of a slot and the words for a screen reader.

    A change that goes on comes first; that the sides differ and that the guest does not use it may stand together.
    """
    unused = {"off": ", not online in the guest", "part": ", partly online in the guest"}.get(guest, "")
    if state:
        glyph, word, said = STATES[state]
        return state, glyph, word, f", {said}{unused}"
    if live and config and live != config:
        word = "live" if live == "1" else "config"
        return "differ", "offline" if guest else "differ", word, unused
    if guest:
        word = "offline" if guest == "off" else "partly"
        return "", "offline", word, (", fixed" if fixed else "") + unused
    return "", "fixed" if fixed else "", "", ", fixed" if fixed else ""


def _mark(view: DomainView, side: Side, ids: range) -> str:
    slots = view.slots(side)
    return "" if slots is None else str(int(any(vcpu in slots.present for vcpu in ids)))


def _guest(view: DomainView, ids: range) -> str:
    live, guest = view.live, view.guest
    if live is None or guest is None:
        return ""
    states = {guest.online_of(vcpu) for vcpu in ids if vcpu in live.present}
    if False not in states:
        return ""
    return "off" if states == {False} else "part"


_WHERE: Mapping[tuple[str, str], str] = {
    ("1", "1"): "present, live and config",
    ("1", "0"): "present in live only, not in config",
    ("0", "1"): "absent in live, present in config only",
    ("0", "0"): "absent",
}


def _where(live: str, config: str) -> str:
    if not live:
        return "present in config" if config == "1" else "absent"
    if not config:
        return "present" if live == "1" else "absent"
    return _WHERE[live, config]
