"""Which requests could hurt a guest, so that a person is asked once more before they are made."""

from __future__ import annotations

from collections.abc import Iterable

from domains.models import Domain
from domains.operations.change import Change
from domains.operations.foreseen import foreseen
from domains.operations.plan import sides_of
from domains.vcpu import cpulist
from domains.vcpu.hints import Hint
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, expand
from domains.vcpu.slots import Side
from domains.vcpu.view import DomainView

MANY, LAST, UNHEARD = "many", "last", "unheard"
FEW = 2  # at once need no second look, however many there are
SEVERAL = 8  # need none as long as half of what can be removed is left
_SIDES = {Side.LIVE: "while it runs", Side.CONFIG: "in its configuration"}


def harm_of(domain: Domain, change: Change) -> list[Hint]:
    """Say what a removal could do that nobody may have meant, at most one hint of each code.

    Empty for what only adds, and for what the rules refuse anyway. ``host`` is loaded; no query.
    """
    if change.action not in (Action.REMOVE, Action.SYNC) or foreseen(domain, change):
        return []
    view = domain.view()
    removed = {
        side: gone
        for side in sides_of(change.action, change.affect, running=view.running)
        if (gone := _removed(view, change, side))
    }
    found: dict[str, Hint] = {}
    for side, gone in removed.items():
        for hint in (*_unheard(view, side, gone), *_extent(view, side, gone)):
            found.setdefault(hint.code, hint)
    return list(found.values())


def _removed(view: DomainView, change: Change, side: Side) -> frozenset[int]:
    """Give the slots that would go on one side."""
    slots = view.slots(side)
    if slots is None:
        return frozenset()
    if isinstance(change.vcpu, list):
        named = frozenset(change.vcpu)
    elif change.vcpu == "all":
        named = slots.present
    else:
        found = resolve(view, change.action, change.vcpu, (side,))
        named = expand(view, found) if isinstance(found, int) else frozenset()
    if change.action is Action.SYNC:
        model = view.slots(Side.LIVE if side is Side.CONFIG else Side.CONFIG)
        named -= model.present if model else frozenset()
    return named & slots.present


def _extent(view: DomainView, side: Side, gone: frozenset[int]) -> Iterable[Hint]:
    """Say that it is many, or that none is left that could be removed."""
    slots = view.slots(side)
    if slots is None:
        return
    removable, where = slots.present & slots.removable, _SIDES[side]
    left, total = len(removable - gone), len(removable)
    kept = len(slots.present - gone)
    if len(gone) > SEVERAL or (len(gone) > FEW and 2 * len(gone) > total):
        yield Hint(
            MANY, f"{len(gone)} vCPUs would go at once; {view.name} keeps {kept} of {len(slots.present)}."
        )
    if removable and not left:
        last = f"vCPU {cpulist.dump(removable)} is the last" if total == 1 else "These are the last"
        yield Hint(
            LAST,
            f"{last} that can be removed from {view.name} {where}: after that it can only be given more.",
        )


def _unheard(view: DomainView, side: Side, gone: frozenset[int]) -> Iterable[Hint]:
    """Say that the guest, which has to let go of a vCPU, may not be able to."""
    if side is not Side.LIVE or view.agent:
        return
    what = f"vCPU {cpulist.dump(gone)}"
    if view.agent is None:
        yield Hint(
            UNHEARD,
            f"{view.name} has no guest agent, so nobody can tell whether it runs a kernel that lets go of {what};"
            " if it does not, the removal stays unconfirmed.",
        )
    else:
        why = "is still starting" if view.booting else "may not have started, or hangs"
        yield Hint(
            UNHEARD,
            f"The guest agent of {view.name} does not answer: the guest {why}, and then it may never let go of {what}.",
        )
