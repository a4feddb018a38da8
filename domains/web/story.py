"""What is told of a slot in words: one "Heading: text" a line for each side, the guest, its place and its hints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from domains.vcpu import cpulist
from domains.vcpu.hints import removal_hint
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action, slot_reasons
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.topology import Topology
from domains.vcpu.view import DomainView

_GUEST_ACTIONS = (Action.ONLINE, Action.OFFLINE)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where slots sit: the guest's topology, NUMA cells (cell to cpulist) and pinning (vCPU to cpulist)."""

    topology: Topology | None
    numa: Mapping[str, str] = field(hash=False)
    pinning: Mapping[str, str] = field(hash=False)


class Teller:
    """Tells the story of any slot of one domain; what the rules say is computed once for all of them."""

    def __init__(self, view: DomainView, wiring: Wiring) -> None:
        self._view = view
        self._wiring = wiring
        self._cells = {vcpu: cell for cell, ids in wiring.numa.items() for vcpu in cpulist.load(ids)}
        self._reasons = {
            (side, action): slot_reasons(view, action, side)
            for side in (Side.LIVE, Side.CONFIG)
            for action in (Action.ADD, Action.REMOVE)
        }
        self._fixed = slot_reasons(view, Action.MAKE_REMOVABLE, Side.CONFIG) if view.config else None
        self._switch = (
            {action: slot_reasons(view, action, Side.GUEST) for action in _GUEST_ACTIONS} if view.live else {}
        )
        self._delay = removal_hint(view)

    def can(self, ids: range) -> str:
        """Name what could be done now to the slots of one unit: on which sides they could be added or removed,
        and ``removable``, ``online`` and ``offline``."""
        first = ids[0]
        words = [str(side) for side in (Side.LIVE, Side.CONFIG) if self._open(side, first)]
        if self._fixed is not None and self._view.config and first < self._view.config.maximum:
            words += ["removable"] if first not in self._fixed else []
        live = self._view.live
        for action, reasons in self._switch.items():
            if any(live and vcpu < live.maximum and vcpu not in reasons for vcpu in ids):
                words.append(action.value)
        return " ".join(words)

    def lines(self, ids: range) -> list[str]:
        """Tell the story of one slot, or of a unit of several."""
        first = ids[0]
        told = [self._side(Side.LIVE, first), self._side(Side.CONFIG, first), *self._guest(ids)]
        told.append(_place(ids, self._wiring, self._cells))
        if pinned := self.pinned(ids):
            told.append(f"Pinned to: host CPU {pinned}")
        if self._delay and self._open(Side.LIVE, first) and self._present(Side.LIVE, first):
            told.append(f"Note: {self._delay.message}")
        return told

    def pinned(self, ids: range) -> str:
        """Give the host CPUs that the slots of a unit may use, as a cpulist; nothing where they may use all."""
        pinning = self._wiring.pinning
        found = {pinning[str(vcpu)] for vcpu in ids if str(vcpu) in pinning}
        return "; ".join(sorted(found))

    def _present(self, side: Side, vcpu: int) -> bool:
        slots = self._view.slots(side)
        return slots is not None and vcpu in slots.present

    def _reason(self, side: Side, slots: SlotMap, vcpu: int) -> Reason | None:
        if vcpu >= slots.maximum:
            return Reason.OUT_OF_RANGE
        action = Action.REMOVE if vcpu in slots.present else Action.ADD
        return self._reasons[side, action].get(vcpu)

    def _open(self, side: Side, vcpu: int) -> bool:
        slots = self._view.slots(side)
        return slots is not None and self._reason(side, slots, vcpu) is None

    def _side(self, side: Side, vcpu: int) -> str:
        """Say how a slot stands on one side, and why it can or cannot be changed there."""
        slots, head = self._view.slots(side), str(side).capitalize()
        if slots is None:
            return f"{head}: {'the guest is not running' if side is Side.LIVE else 'none, the guest is transient'}."
        state = "present" if vcpu in slots.present else "absent"
        if side is Side.CONFIG and vcpu in slots.present:
            state += ", removable" if vcpu in slots.removable else ", fixed"
        reason = self._reason(side, slots, vcpu)
        if reason is None:
            deed = "removed" if vcpu in slots.present else "added"
            return f"{head}: {state}{';' if ',' in state else ','} can be {deed}."
        return f"{head}: {state}. {sentence(reason, domain=self._view.name, vcpu=vcpu, side=side)}"

    def _guest(self, ids: range) -> Iterable[str]:
        """Say what the guest's own kernel does with a plugged vCPU; nothing where no agent could tell."""
        live, guest = self._view.live, self._view.guest
        present = [vcpu for vcpu in ids if live and vcpu in live.present]
        if not present or (guest is None and not self._view.agent):
            return []
        if guest is None:
            return ["Guest: not asked yet which of its CPUs are online."]
        numbers = {
            state: {vcpu for vcpu in present if guest.online_of(vcpu) is state} for state in (True, False)
        }
        told = []
        for state, words in (
            (True, "online"),
            (False, "not online: plugged, but its kernel does not use it"),
        ):
            if numbers[state]:
                told.append(f"CPU {cpulist.dump(guest.slots[vcpu] for vcpu in numbers[state])}, {words}")
        if len(numbers[True]) + len(numbers[False]) < len(present):
            told.append(
                "which of its CPUs this is, is not known"
                if not told
                else "the others are not known by number"
            )
        return [f"Guest: {'; '.join(told)}."]


def _place(ids: range, wiring: Wiring, cells: Mapping[int, str]) -> str:
    words, vcpu = [], ids[0]
    if wiring.topology and vcpu < wiring.topology.total:
        place = wiring.topology.place(vcpu)
        words.append(f"socket {place.socket}")
        if wiring.topology.dies > 1:
            words.append(f"die {place.die}")
        if wiring.topology.clusters > 1:
            words.append(f"cluster {place.cluster}")
        thread = f"thread {place.thread}" if len(ids) == 1 else f"all {len(ids)} threads"
        words += [f"core {place.core}", thread]
    if vcpu in cells:
        words.append(f"NUMA cell {cells[vcpu]}")
    return f"Place: {', '.join(words) or 'not told'}"
