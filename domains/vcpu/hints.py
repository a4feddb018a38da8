"""What speaks against no change but is worth knowing before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from domains.vcpu import cpulist
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action, hint, slot_reasons
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side
from domains.vcpu.view import DomainView

MORE_THAN_HOST_CPUS = "more_than_host_cpus"
UNMARKED_SLOTS = "unmarked_slots"

_DELAYS = {
    Reason.GUEST_PAUSED: "{name} is paused: the removal waits until it is resumed.",
    Reason.GUEST_NOT_READY: "{name} is still starting: it may refuse to let go of a vCPU, or take its time.",
}


class HintJson(TypedDict):
    """The published form."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Hint:
    """A code and its sentence: a reason code, or one of this module's own for what concerns a whole domain."""

    code: str
    message: str

    def to_json(self) -> HintJson:
        """Give the published form."""
        return {"code": self.code, "message": self.message}


def removal_hint(view: DomainView) -> Hint | None:
    """Say what will delay a removal from the running guest."""
    reason = hint(view, Action.REMOVE, frozenset(), Side.LIVE)
    return Hint(reason, _DELAYS[reason].format(name=view.name)) if reason else None


def slot_hints(
    view: DomainView,
    side: Side,
    *,
    changeable: bool = True,
    busy: Mapping[tuple[int, Side], int] | None = None,
) -> dict[int, list[Hint]]:
    """Give the hints for each slot of one side; slots without any are left out. Linear in the number of slots.

    ``busy`` names the operation that has an open effect on a slot and side, ``changeable`` is false for a
    reader who may only look.
    """
    slots = view.slots(side)
    out: dict[int, list[Hint]] = {}
    delay = removal_hint(view) if side is Side.LIVE else None
    if slots and delay:
        refused = slot_reasons(view, Action.REMOVE, side)
        for vcpu in slots.present - refused.keys():
            out[vcpu] = [delay]
    for (vcpu, where), operation in (busy or {}).items():
        if where is side:
            words = sentence(Reason.OPERATION_OPEN, domain=view.name, vcpu=vcpu, operation=operation)
            out.setdefault(vcpu, []).append(Hint(Reason.OPERATION_OPEN, words))
    if slots and not changeable:
        for vcpu in range(slots.maximum):
            words = sentence(Reason.NOT_PERMITTED, domain=view.name, vcpu=vcpu)
            out.setdefault(vcpu, []).append(Hint(Reason.NOT_PERMITTED, words))
    return out


def warnings(view: DomainView, *, cpus: int | None, unmarked: frozenset[int]) -> list[Hint]:
    """Say what is odd about the whole domain. ``cpus`` is the number of CPUs of its host, None if unknown.

    ``unmarked`` are the slots that libvirt lists without saying whether they can be unplugged.
    """
    out = []
    slots = view.live or view.config
    if slots and cpus and len(slots.present) > cpus:
        out.append(
            Hint(
                MORE_THAN_HOST_CPUS,
                f"{view.name} has {len(slots.present)} vCPUs and its host only {cpus} CPU{'s' if cpus > 1 else ''}:"
                " they cannot all run at once.",
            )
        )
    if unmarked:
        out.append(
            Hint(
                UNMARKED_SLOTS,
                f"libvirt does not say whether vCPU {cpulist.dump(unmarked)} of {view.name} can be unplugged, as happens"
                " after the maximum was changed with virsh: these slots can be added to the running guest, but not"
                " removed again while it runs. Defining the domain anew from its own configuration, before its next"
                " start, repairs that.",
            )
        )
    return out
