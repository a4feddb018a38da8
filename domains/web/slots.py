"""What a page shows of each slot: plain values, computed from the inventory, the rules and open effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domains.models.status import EffectState
from domains.vcpu import cpulist
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action, slot_reasons
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target
from domains.vcpu.topology import Topology
from domains.vcpu.view import DomainView

# state of a slot -> (glyph, word in the slot, words for a screen reader)
_STATES = {
    "queued": ("queued", "queued", "a change of it is queued"),
    "adding": ("adding", "adding", "being added"),
    "removing": ("removing", "removing", "being removed"),
    "changing": ("adding", "changing", "being changed"),
    "waiting": ("waiting", "waiting", "asked to leave, waiting for the guest"),
    "unconfirmed": ("unconfirmed", "unsure", "asked to leave, not confirmed by the guest"),
    "failed": ("failed", "failed", "the last change failed"),
}
_DOING = {Target.PRESENT: "adding", Target.ABSENT: "removing"}
DEEDS = {
    Target.PRESENT: "add it",
    Target.ABSENT: "remove it",
    Target.REMOVABLE: "make it removable",
    Target.ONLINE: "bring it online in the guest",
    Target.OFFLINE: "take it offline in the guest",
}
_ORDER = ("adding", "removing", "changing", "waiting", "queued", "unconfirmed", "failed")


@dataclass(frozen=True, slots=True)
class Work:
    """What an operation does at one slot and side, or the last that it tried there.

    ``claimed`` says that a worker has taken it up. ``problem`` is the sentence that explains a failure.
    """

    vcpu: int
    side: str
    target: Target
    state: str
    operation: int
    actor: str
    claimed: bool
    since: datetime
    problem: str = ""

    @property
    def shown(self) -> str:
        """The slot's state that follows from it, or nothing when it is over."""
        if self.state == EffectState.PENDING and not self.claimed:
            return "queued"
        if self.state in (EffectState.PENDING, EffectState.APPLYING):
            return _DOING.get(self.target, "changing")
        if self.state in (EffectState.WAITING, EffectState.UNCONFIRMED, EffectState.FAILED):
            return str(self.state)
        return ""


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot as drawn. ``live`` and ``config`` are "1", "0" or "" (no such side); ``can`` names the sides
    on which it could be changed now; ``about`` holds one "Heading: text" a line."""

    id: int
    live: str
    config: str
    kind: str
    state: str
    glyph: str
    word: str
    label: str
    about: str
    can: str
    operation: int | None = None
    checked: bool = False

    def picked(self) -> SlotView:
        """Give the same slot with its box ticked."""
        return replace(self, checked=True)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where slots sit: the guest's topology, NUMA cells (cell to cpulist) and pinning (vCPU to cpulist)."""

    topology: Topology | None
    numa: Mapping[str, str]
    pinning: Mapping[str, str]


def slot_count(view: DomainView) -> int:
    """Give the number of slots to draw: the higher maximum of the two sides."""
    return max((slots.maximum for slots in (view.live, view.config) if slots), default=0)


def slot_views(view: DomainView, wiring: Wiring, works: Iterable[Work]) -> list[SlotView]:
    """Describe every slot, in the order of their IDs."""
    newest: dict[tuple[int, str], Work] = {}
    for work in sorted(works, key=lambda each: each.operation):
        newest[work.vcpu, work.side] = work
    lines = {side: _side_lines(view, side) for side in (Side.LIVE, Side.CONFIG)}
    cells = {vcpu: cell for cell, ids in wiring.numa.items() for vcpu in cpulist.load(ids)}
    out = []
    for vcpu in range(slot_count(view)):
        mine = [newest[vcpu, side] for side in (Side.LIVE, Side.CONFIG) if (vcpu, side) in newest]
        about = [lines[Side.LIVE][0][vcpu], lines[Side.CONFIG][0][vcpu], _place(vcpu, wiring, cells)]
        if str(vcpu) in wiring.pinning:
            about.append(f"Pinned to: host CPU {wiring.pinning[str(vcpu)]}")
        can = [str(side) for side, (_, open_) in lines.items() if vcpu in open_]
        out.append(_slot(view, vcpu, mine, about, " ".join(can)))
    return out


def _slot(view: DomainView, vcpu: int, works: list[Work], about: list[str], can: str) -> SlotView:
    live, config = _mark(view, Side.LIVE, vcpu), _mark(view, Side.CONFIG, vcpu)
    slots = view.live or view.config
    fixed = slots is not None and vcpu in slots.present and vcpu not in slots.removable
    shown = {work.shown: work for work in works}
    state = next((name for name in _ORDER if name in shown), "")
    if state:
        glyph, word, said = _STATES[state]
        about = [*about, _now(shown[state])]
    elif live and config and live != config:
        state, glyph, word, said = "differ", "differ", "live" if live == "1" else "config", ""
    elif fixed:
        glyph, word, said = "fixed", "", "fixed"
    else:
        glyph, word, said = "", "", ""
    return SlotView(
        id=vcpu,
        live=live,
        config=config,
        kind="fixed" if fixed else "",
        state=state,
        glyph=glyph,
        word=word,
        label=f"vCPU {vcpu}: {_where(live, config)}" + (f", {said}" if said else ""),
        about="\n".join(about),
        can=can,
        operation=shown[state].operation if state in shown else None,
    )


def _mark(view: DomainView, side: Side, vcpu: int) -> str:
    slots = view.slots(side)
    return "" if slots is None else str(int(vcpu in slots.present))


def _where(live: str, config: str) -> str:
    if not live:
        return "present in config" if config == "1" else "absent"
    if not config:
        return "present" if live == "1" else "absent"
    return {
        ("1", "1"): "present, live and config",
        ("1", "0"): "present in live only, not in config",
        ("0", "1"): "absent in live, present in config only",
        ("0", "0"): "absent",
    }[live, config]


def _now(work: Work) -> str:
    deed = DEEDS[work.target]
    moment = f"{work.since.astimezone(UTC):%H:%M:%S} UTC"
    story = {
        "queued": f"{work.actor} asked at {moment} to {deed}; queued",
        "adding": f"{work.actor} is adding it since {moment}",
        "changing": f"{work.actor} asked to {deed}; that is being done since {moment}",
        "removing": f"{work.actor} is removing it since {moment}",
        "waiting": f"{work.actor} asked to remove it; waiting for the guest since {moment}",
        "unconfirmed": f"{work.actor} asked to remove it; the guest has not confirmed since {moment}",
        "failed": f"{work.actor} tried to {deed}; that failed at {moment}",
    }[work.shown]
    return f"Now: {story}. Operation {work.operation}."


def _place(vcpu: int, wiring: Wiring, cells: Mapping[int, str]) -> str:
    words = []
    if wiring.topology and vcpu < wiring.topology.total:
        place = wiring.topology.place(vcpu)
        words.append(f"socket {place.socket}")
        if wiring.topology.dies > 1:
            words.append(f"die {place.die}")
        if wiring.topology.clusters > 1:
            words.append(f"cluster {place.cluster}")
        words += [f"core {place.core}", f"thread {place.thread}"]
    if vcpu in cells:
        words.append(f"NUMA cell {cells[vcpu]}")
    return f"Place: {', '.join(words) or 'not told'}"


def _side_lines(view: DomainView, side: Side) -> tuple[list[str], set[int]]:
    """Say for every slot how it stands on one side and why it can or cannot be changed there."""
    slots, count = view.slots(side), slot_count(view)
    head = str(side).capitalize()
    if slots is None:
        gone = "the guest is not running" if side is Side.LIVE else "none, the guest is transient"
        return [f"{head}: {gone}."] * count, set()
    adding, removing = slot_reasons(view, Action.ADD, side), slot_reasons(view, Action.REMOVE, side)
    lines, open_ = [], set()
    for vcpu in range(count):
        present = vcpu in slots.present
        reason = (removing if present else adding).get(vcpu)
        if vcpu >= slots.maximum:
            reason = Reason.OUT_OF_RANGE
        if reason is None:
            open_.add(vcpu)
            ending = ", can be removed." if present else ", can be added."
        else:
            ending = f". {sentence(reason, domain=view.name, vcpu=vcpu, side=side)}"
        lines.append(f"{head}: {'present' if present else 'absent'}{ending}")
    return lines, open_
