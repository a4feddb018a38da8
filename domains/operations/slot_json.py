"""Every slot of a domain in the form of the outside interface: reasons, sentences, hints and the guest's view."""

from __future__ import annotations

from collections.abc import Mapping

from domains.vcpu.guest import GuestView
from domains.vcpu.hints import HintJson, slot_hints
from domains.vcpu.rules import Action, slot_reasons
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.view import DomainView

_ACTIONS = {
    Side.LIVE: (Action.ADD, Action.REMOVE),
    Side.CONFIG: (Action.ADD, Action.REMOVE, Action.MAKE_REMOVABLE),
    Side.GUEST: (Action.ONLINE, Action.OFFLINE),
}
_Said = list[dict[str, dict[str, str | None]]]


def slots_json(
    view: DomainView, *, changeable: bool, open_effects: Mapping[tuple[int, str], int]
) -> list[dict[str, object]]:
    """Give for every slot why it cannot be changed now and what may delay a change; parameters as ``domain_json``."""
    live, config = view.live, view.config
    count = max((slots.maximum for slots in (live, config) if slots), default=0)
    reasons, messages = _reasons(view, count)
    hints = _hints(view, changeable, open_effects)
    return [
        {
            "vcpu": vcpu,
            "live": _word(live, vcpu),
            "config": _word(config, vcpu),
            "guest": _guest_of(view.guest, vcpu),
            "reasons": reasons[vcpu],
            "messages": messages[vcpu],
            "hints": {str(side): hints[side].get(vcpu, []) for side in Side},
        }
        for vcpu in range(count)
    ]


def _reasons(view: DomainView, count: int) -> tuple[_Said, _Said]:
    """Give for each slot the codes by side and action, and the same as sentences."""
    codes: _Said = [{str(side): {} for side in _ACTIONS} for _ in range(count)]
    messages: _Said = [{str(side): {} for side in _ACTIONS} for _ in range(count)]
    for side, actions in _ACTIONS.items():
        for action in actions:
            found = slot_reasons(view, action, side)
            for vcpu in range(count):
                reason = found.get(vcpu)
                words = sentence(reason, domain=view.name, vcpu=vcpu, side=side) if reason else None
                codes[vcpu][side][action] = reason
                messages[vcpu][side][action] = words
    return codes, messages


def _hints(
    view: DomainView, changeable: bool, open_effects: Mapping[tuple[int, str], int]
) -> dict[Side, dict[int, list[HintJson]]]:
    busy = {(vcpu, Side(side)): operation for (vcpu, side), operation in open_effects.items()}
    return {
        side: {
            vcpu: [hint.to_json() for hint in hints]
            for vcpu, hints in slot_hints(view, side, changeable=changeable, busy=busy).items()
        }
        for side in Side
    }


def _guest_of(guest: GuestView | None, vcpu: int) -> dict[str, int | bool | None]:
    return {
        "cpu": guest.slots.get(vcpu) if guest else None,
        "online": guest.online_of(vcpu) if guest else None,
    }


def _word(slots: SlotMap | None, vcpu: int) -> str | None:
    if slots is None:
        return None
    if vcpu not in slots.present:
        return "absent"
    return "removable" if vcpu in slots.removable else "fixed"
