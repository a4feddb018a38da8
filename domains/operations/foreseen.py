"""What would become of a request by what is known of the domain now: the rules, asked before anybody asks a worker."""

from __future__ import annotations

from collections.abc import Sequence

from domains.models import Domain
from domains.operations.change import Change, OnFailure
from domains.operations.plan import sides_of
from domains.vcpu import units
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, precondition, refusal, removable_set
from domains.vcpu.slots import Side
from domains.vcpu.targets import ALREADY
from domains.vcpu.view import DomainView


def foreseen(domain: Domain, change: Change) -> Refusal | None:
    """Say what the rules have against a request, or None where nothing speaks against it.

    Of several slots one is enough to be in the way, unless the request goes on after a failure. ``host`` is loaded; no
    query. Only the worker, who reads the domain afresh, decides.
    """
    if change.ask_anyway:
        return None
    view = domain.view()
    sides = sides_of(change.action, change.affect, running=view.running)
    if change.vcpu in ("first", "highest"):
        found = resolve(view, change.action, change.vcpu, sides)
        if isinstance(found, Refusal):
            return found
        return None if change.expect in (None, found) else Refusal(Reason.CHANGED_MEANWHILE, change.expect)
    refused = next(filter(None, (precondition(view, change.action, side) for side in sides)), None)
    return refused or _against(view, change, sides)


def _against(view: DomainView, change: Change, sides: Sequence[Side]) -> Refusal | None:
    slots = _slots(view, change)
    if not slots:
        return Refusal(Reason.ALREADY_ALIKE)
    looked = [
        refusal(view, change.action, part, side)
        for side in sides
        for part in _parts(view, slots, change, side)
    ]
    refused = [found for found in looked if found]
    serious = [found for found in refused if found.reason not in ALREADY.values()]
    if serious and change.on_failure is OnFailure.STOP:
        return serious[0]
    return (serious or refused)[0] if len(refused) == len(looked) else None


def _slots(view: DomainView, change: Change) -> frozenset[int]:
    if isinstance(change.vcpu, str):
        return view.live.present ^ view.config.present if view.live and view.config else frozenset()
    slots = frozenset(change.vcpu)
    if change.action is Action.MAKE_REMOVABLE:
        return slots.union(*(removable_set(view, vcpu) for vcpu in slots))
    return slots


def _parts(view: DomainView, slots: frozenset[int], change: Change, side: Side) -> list[frozenset[int]]:
    """Split the slots by call, as far as it matters to the rules: what comes last is not refused for what comes first."""
    if side is Side.CONFIG or change.action is Action.SYNC:
        return [slots]
    return units.split(slots, 1 if side is Side.GUEST else view.unit_size)
