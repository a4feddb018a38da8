"""What would become of each guest of a batch by what is known of it now: the rules, and nothing beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domains.inventory.maps import Maps
from domains.models import OPEN, BatchItem, Domain, Effect, ItemState, Operation
from domains.operations import plan as effects
from domains.operations.actor import Actor
from domains.operations.batches.wanted import Wanted
from domains.operations.change import Change
from domains.operations.foreseen import foreseen
from domains.operations.standing import naming
from domains.vcpu import cpulist
from domains.vcpu.counted import counted
from domains.vcpu.hints import removal_hint
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, expand
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side
from domains.vcpu.targets import ALREADY, Target

_NOTHING = frozenset((*ALREADY.values(), Reason.ALREADY_ALIKE))
_VERBS = {Target.PRESENT: "adds", Target.ABSENT: "removes", Target.REMOVABLE: "makes removable"}
OpenSlots = Mapping[tuple[int, int, str], int]  # domain, vCPU and side: the operation at work there


@dataclass(frozen=True, slots=True)
class Planned:
    """One guest: ``due`` with the slots that change, or why nothing does. ``hint`` is what may delay it."""

    domain: Domain
    state: ItemState
    words: str
    reason: str = ""
    vcpu: tuple[int, ...] = ()
    hint: str = ""

    @property
    def digest(self) -> str:
        """Stand for the plan where it is shown and comes back; empty where nothing is to change."""
        return hashlib.sha256(self.words.encode()).hexdigest()[:12] if self.state == ItemState.DUE else ""


def plan(
    actor: Actor,
    domains: Sequence[Domain],
    wanted: Wanted,
    left: Mapping[int, list[int] | None] | None = None,
) -> list[Planned]:
    """Plan the change of guests that the actor may see, whose ``host`` is loaded. Two queries and rights.

    ``left`` names the slots of guests of which only those are asked for. Only the workers, who read each guest afresh,
    decide; but what they find must still be this.
    """
    ids = [domain.pk for domain in domains]
    changeable = set(actor.changes().filter(pk__in=ids).values_list("pk", flat=True))
    at_work = Effect.objects.filter(domain__in=ids, state__in=OPEN)
    open_slots: dict[tuple[int, int, str], int] = {
        (domain or 0, vcpu, side): number
        for domain, vcpu, side, number in at_work.values_list("domain", "vcpu", "side", "operation")
    }
    out = []
    for domain in domains:
        if domain.pk in changeable:
            found = outlook(domain, wanted.only((left or {}).get(domain.pk)), open_slots)
        else:
            words = actor.barred(domain.name)
            found = Planned(domain, ItemState.CANNOT, words, Reason.NOT_PERMITTED)
        out.append(found)
    return out


def outlook(domain: Domain, wanted: Wanted, open_slots: OpenSlots | None = None) -> Planned:
    """Plan the change of one guest. ``host`` is loaded; no query."""
    ids = _slots(domain, wanted)
    refused = ids if isinstance(ids, Refusal) else foreseen(domain, change_of(domain, wanted, ids))
    if isinstance(ids, Refusal) or refused:
        assert refused is not None  # noqa: S101  # one of the two is why we are here
        state = ItemState.NOTHING if refused.reason in _NOTHING else ItemState.CANNOT
        return Planned(domain, state, refused.sentence(domain.name, beforehand=True), refused.reason)
    meant = _meant(domain, wanted, ids)
    for effect in meant:
        number = (open_slots or {}).get((domain.pk, effect.vcpu, effect.side))
        if number:
            words = sentence(Reason.OPERATION_OPEN, domain=domain.name, vcpu=effect.vcpu, operation=number)
            return Planned(domain, ItemState.CANNOT, words, Reason.OPERATION_OPEN)
    slots = tuple(dict.fromkeys(effect.vcpu for effect in meant))
    return Planned(domain, ItemState.DUE, _words(meant), vcpu=slots, hint=_hint(domain, meant))


def change_of(domain: Domain, wanted: Wanted, ids: Sequence[int]) -> Change:
    """Give the request that asks one guest for these slots, and for no others in their place."""
    if wanted.vcpu in ("first", "highest"):
        return Change(wanted.action, wanted.vcpu, wanted.affect, expect=min(ids))
    vcpu, expect = naming(ids, wanted.action, domain)
    return Change(wanted.action, vcpu, wanted.affect, expect=expect)


def still(item: BatchItem, domain: Domain) -> bool:
    """Whether a guest that was read afresh is as it was when its plan was made; the rules tell what they refuse.

    ``item`` has its ``batch`` loaded.
    """
    now = outlook(domain, Wanted.of_item(item))
    return now.state == ItemState.CANNOT or (now.state == ItemState.DUE and now.words == item.plan)


def _slots(domain: Domain, wanted: Wanted) -> list[int] | Refusal:
    view, action = domain.view(), wanted.action
    sides = effects.sides_of(action, wanted.affect, running=view.running)
    if wanted.count is not None:
        return counted(view, action, wanted.count, sides)
    if wanted.vcpu in ("first", "highest"):
        found = resolve(view, action, wanted.vcpu, sides)
        return found if isinstance(found, Refusal) else sorted(expand(view, found))
    if isinstance(wanted.vcpu, list):
        return wanted.vcpu
    differing = view.live.present ^ view.config.present if view.live and view.config else frozenset()
    return foreseen(domain, Change(action, "all", wanted.affect)) or sorted(differing)


def _meant(domain: Domain, wanted: Wanted, ids: Sequence[int]) -> list[Effect]:
    """Lay out what a worker would, but for what is as asked already."""
    operation, view = Operation(action=wanted.action, vcpu=list(ids), domain=domain), domain.view()
    sides = effects.sides_of(wanted.action, wanted.affect, running=view.running)
    if wanted.action is Action.SYNC:
        laid = effects.plan_sync(operation, domain, sides[0])
    elif wanted.action is Action.MAKE_REMOVABLE:
        laid = effects.plan_removable(operation, ids, view)
    else:
        laid = effects.plan_slots(operation, ids, sides, domain.unit_size)
    maps = Maps.of(domain)
    return [effect for effect in laid if not maps.reached(effect)]


def _words(meant: Iterable[Effect]) -> str:
    """Say what changes: ``adds vCPU 5-6, live and config``."""
    slots: dict[tuple[str, str], set[int]] = {}
    for effect in meant:
        slots.setdefault((effect.target, effect.side), set()).add(effect.vcpu)
    sides: dict[tuple[str, str], list[str]] = {}
    for (target, side), ids in slots.items():
        sides.setdefault((target, cpulist.dump(ids)), []).append(side)
    return "; ".join(
        f"{_VERBS[Target(target)]} vCPU {ids}, {' and '.join(where)}"
        for (target, ids), where in sides.items()
    )


def _hint(domain: Domain, meant: Iterable[Effect]) -> str:
    leaving = any((effect.side, effect.target) == (Side.LIVE, Target.ABSENT) for effect in meant)
    hint = removal_hint(domain.view()) if leaving else None
    return hint.message if hint else ""
