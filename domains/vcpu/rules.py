"""What may be changed: the checks that libvirt and QEMU make, in their order, with the reason for each refusal."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from domains.vcpu import bulk, checks, units
from domains.vcpu.checks import Facts, facts_of
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal, invalid
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.switching import check_switch
from domains.vcpu.view import DomainView

__all__ = [
    "Action",
    "Refusal",
    "expand",
    "hint",
    "precondition",
    "refusal",
    "removable_set",
    "slot_reasons",
]


class Action(StrEnum):
    """What can be asked of a slot. Online and offline are the guest's own doing; the rest is the host's."""

    ADD = "add"
    REMOVE = "remove"
    MAKE_REMOVABLE = "make_removable"
    ONLINE = "online"
    OFFLINE = "offline"
    SYNC = "sync"


def refusal(view: DomainView, action: Action, ids: frozenset[int], side: Side) -> Refusal | None:
    """Say why these slots cannot be changed in one call on one side, or None if nothing speaks against it.

    A live call takes the slots of one unit only (see ``units.split``), a config call any number. ``sync``
    and the guest's actions look at each unit by itself.
    """
    if not ids:
        return invalid("Name at least one vCPU.")
    refused = precondition(view, action, side)
    slots = view.slots(side)
    if refused or slots is None:
        return refused
    if action is Action.SYNC:
        return _refused_sync(view, ids, side)
    facts = facts_of(slots, side, view.unit_size)
    if side is Side.GUEST:
        return check_switch(facts, view.guest, ids, online=action is Action.ONLINE)
    return _CHECKS[action](facts, ids)


def precondition(view: DomainView, action: Action, side: Side) -> Refusal | None:
    """Say why nothing of this kind can be done to the domain at all, whatever the slot."""
    if not view.enabled:
        return Refusal(Reason.HOST_DISABLED)
    if not view.reachable:
        return Refusal(Reason.HOST_UNREACHABLE)
    if not _fits(action, side):
        return invalid(f"{action.value.replace('_', ' ').capitalize()} is not done on the {side.value} side.")
    if action in (Action.ONLINE, Action.OFFLINE):
        return _agent_precondition(view)
    return _side_precondition(view, action, side)


def hint(view: DomainView, action: Action, ids: frozenset[int], side: Side) -> Reason | None:
    """Name what may delay an allowed change: a guest that is paused or still starts cannot let go of a slot yet."""
    if action is Action.SYNC:
        live, config = view.live, view.config
        removing = live is not None and config is not None and bool(ids & (live.present - config.present))
    else:
        removing = action is Action.REMOVE
    if not removing or side is not Side.LIVE:
        return None
    if view.paused:
        return Reason.GUEST_PAUSED
    return Reason.GUEST_NOT_READY if view.booting else None


def slot_reasons(view: DomainView, action: Action, side: Side) -> dict[int, Reason]:
    """Give the reason for every slot that cannot be changed, each looked at with its whole unit.

    Slots that are not in the answer can be changed. Linear in the number of slots.
    """
    slots = view.slots(side)
    refused = precondition(view, action, side)
    if slots is None or refused:
        known = slots or view.live or view.config
        reason = refused.reason if refused else Reason.DOMAIN_NOT_RUNNING
        return dict.fromkeys(range(known.maximum), reason) if known else {}
    if action is Action.SYNC:
        return _sync_reasons(view, slots, side)
    facts = facts_of(slots, side, view.unit_size)
    if view.unit_size == 1 and action in _BULK:
        return _BULK[action](facts)
    step = 1 if side is Side.GUEST else view.unit_size
    reasons: dict[int, Reason] = {}
    for first in range(0, slots.maximum, step):
        unit = frozenset(range(first, first + step))
        if side is Side.GUEST:
            found = check_switch(facts, view.guest, unit, online=action is Action.ONLINE)
        else:
            found = _CHECKS[action](facts, unit)
        if found:
            reasons.update(dict.fromkeys(unit, found.reason))
    return reasons


def expand(view: DomainView, vcpu: int) -> frozenset[int]:
    """Give the whole unit of a slot: what has to be named in one call to change it."""
    return units.unit_of(vcpu, view.unit_size)


def removable_set(view: DomainView, vcpu: int) -> frozenset[int]:
    """Give the slots that ``make_removable`` has to name in its one call: this and all fixed ones after it."""
    slots = view.config
    unit = expand(view, vcpu)
    return unit | frozenset(other for other in slots.fixed if other > vcpu) if slots else unit


def _fits(action: Action, side: Side) -> bool:
    if action in (Action.ONLINE, Action.OFFLINE):
        return side is Side.GUEST
    if action is Action.MAKE_REMOVABLE:
        return side is Side.CONFIG
    return side is not Side.GUEST


def _side_precondition(view: DomainView, action: Action, side: Side) -> Refusal | None:
    concerned = (Side.LIVE, Side.CONFIG) if action is Action.SYNC else (side,)
    if not view.specific:
        return Refusal(Reason.SPECIFIC_UNSUPPORTED, side=side)
    if Side.LIVE in concerned and (not view.running or view.live is None):
        return Refusal(Reason.DOMAIN_NOT_RUNNING, side=Side.LIVE)
    if Side.CONFIG in concerned and (not view.persistent or view.config is None):
        return Refusal(Reason.DOMAIN_NOT_PERSISTENT, side=Side.CONFIG)
    if not view.hotplug and not (side is Side.CONFIG and action is Action.REMOVE):
        # In the configuration an added slot counts as hotplugged, and such a guest would not start any more.
        return Refusal(Reason.HOTPLUG_UNSUPPORTED, side=side)
    return None


def _agent_precondition(view: DomainView) -> Refusal | None:
    if not view.running or view.live is None:
        return Refusal(Reason.DOMAIN_NOT_RUNNING)
    if view.paused:
        return Refusal(Reason.GUEST_PAUSED)
    return None if view.agent else Refusal(Reason.AGENT_UNAVAILABLE)


_CHECKS: dict[Action, Callable[[Facts, frozenset[int]], Refusal | None]] = {
    Action.ADD: checks.check_add,
    Action.REMOVE: checks.check_remove,
    Action.MAKE_REMOVABLE: checks.check_make_removable,
}


_BULK: dict[Action, Callable[[Facts], dict[int, Reason]]] = {
    Action.ADD: bulk.add_reasons,
    Action.REMOVE: bulk.remove_reasons,
    Action.MAKE_REMOVABLE: bulk.make_removable_reasons,
}


def _refused_sync(view: DomainView, ids: frozenset[int], side: Side) -> Refusal | None:
    """Refuse if a differing slot cannot be changed on this side, or if none differs."""
    changed, model = view.slots(side), view.slots(_other(side))
    if changed is None or model is None:
        return None
    facts = facts_of(changed, side, view.unit_size)
    for slots in (facts, facts_of(model, _other(side), view.unit_size)):
        refused = checks.out_of_range(slots, ids)
        if refused:
            return refused
    added, removed = ids & (model.present - changed.present), ids & (changed.present - model.present)
    if not added and not removed:
        reason = Reason.ALREADY_PRESENT if min(ids) in changed.present else Reason.ALREADY_ABSENT
        return Refusal(reason, min(ids), side)
    for action, differing in ((Action.ADD, added), (Action.REMOVE, removed)):
        parts = (
            units.split(differing, view.unit_size) if side is Side.LIVE else [differing] if differing else []
        )
        for part in parts:
            refused = _CHECKS[action](facts, part)
            if refused:
                return refused
    return None


def _sync_reasons(view: DomainView, slots: SlotMap, side: Side) -> dict[int, Reason]:
    """Look at each slot by what making it like the other side would mean."""
    model = view.slots(_other(side))
    if model is None:
        return {}
    alike = dict.fromkeys(slots.present & model.present, Reason.ALREADY_PRESENT)
    alike |= dict.fromkeys(slots.absent - model.present, Reason.ALREADY_ABSENT)
    beyond = dict.fromkeys(range(model.maximum, slots.maximum), Reason.OUT_OF_RANGE)
    adding, removing = slot_reasons(view, Action.ADD, side), slot_reasons(view, Action.REMOVE, side)
    differing = {vcpu: adding[vcpu] for vcpu in adding.keys() & (model.present - slots.present)}
    differing |= {vcpu: removing[vcpu] for vcpu in removing.keys() & (slots.present - model.present)}
    return alike | differing | beyond


def _other(side: Side) -> Side:
    return Side.LIVE if side is Side.CONFIG else Side.CONFIG
