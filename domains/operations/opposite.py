"""The opposite of what an operation has done, as one request, where one request is enough."""

from __future__ import annotations

from collections.abc import Sequence

from domains.models import Domain, Effect, Operation, Status
from domains.operations.change import Change, OnFailure
from domains.operations.standing import Obstacle, Proposal, affect_of, naming
from domains.vcpu import cpulist
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.targets import Target, reached

_OPPOSITE = {
    Target.PRESENT: (Action.REMOVE, Target.ABSENT),
    Target.ABSENT: (Action.ADD, Target.PRESENT),
    Target.ONLINE: (Action.OFFLINE, Target.OFFLINE),
    Target.OFFLINE: (Action.ONLINE, Target.ONLINE),
}


def not_undoable(sentence: str) -> Obstacle:
    """Say why an operation cannot be undone, where no code says it more exactly."""
    return Obstacle(Reason.NOT_UNDOABLE, sentence)


def irreversible(operation: Operation, done: Sequence[Effect]) -> Obstacle | None:
    """Refuse to undo that slots were made removable: libvirt could only be given the whole definition anew."""
    made = [effect for effect in done if effect.target == Target.REMOVABLE]
    if not made:
        return None
    return not_undoable(
        f"Operation {operation.pk} made vCPU {_slots(made)} removable, and libvirt has no call that makes a vCPU fixed again;"
        f" if that is wanted, edit the definition of {operation.domain_name} with virsh edit."
    )


def opposite_of(
    operation: Operation, domain: Domain, left: Sequence[Effect], *, whole: bool
) -> Proposal | Obstacle:
    """Give the one request whose effects are the opposite of these, which are done and still stand.

    ``whole`` says that these are all that the operation has done.
    """
    targets = {Target(effect.target) for effect in left}
    if len(targets) > 1:
        added = [effect for effect in left if effect.target == Target.PRESENT]
        removed = [effect for effect in left if effect.target == Target.ABSENT]
        return not_undoable(
            f"Operation {operation.pk} added vCPU {_slots(added)} and removed vCPU {_slots(removed)}, which no single"
            f" request takes back; ask for both on the page of {domain.name}."
        )
    action, target = _OPPOSITE[targets.pop()]
    if not _one_request(left, domain, target):
        return not_undoable(
            f"Operation {operation.pk} changed vCPU {_slots(_on(left, Side.LIVE))} live and vCPU"
            f" {_slots(_on(left, Side.CONFIG))} in the configuration, which no single request takes back; ask for both"
            f" on the page of {domain.name}."
        )
    ids = list(dict.fromkeys(effect.vcpu for effect in reversed(left)))
    vcpu, expect = naming(ids, action, domain)
    change = Change(
        action=action,
        vcpu=vcpu,
        affect=affect_of(left),
        expect=expect,
        on_failure=OnFailure(operation.on_failure),
        undo_of_id=operation.pk,
    )
    return Proposal(domain, change, tuple(_notes(operation, domain, left, whole=whole)))


def _one_request(left: Sequence[Effect], domain: Domain, target: Target) -> bool:
    """Whether one request for both sides changes no more than was done: where a slot was changed on one side only,
    the other has to be as the request wants it already.
    """
    live, config = ({effect.vcpu for effect in _on(left, side)} for side in (Side.LIVE, Side.CONFIG))
    if not live or not config:
        return True
    already = [reached(target, vcpu, domain.config_map, None) for vcpu in live - config]
    already += [reached(target, vcpu, domain.live_map, None) for vcpu in config - live]
    return all(already)


def _notes(operation: Operation, domain: Domain, left: Sequence[Effect], *, whole: bool) -> list[str]:
    notes = []
    if not whole:
        notes.append(
            f"{domain.name} has stopped since, and what was changed live ended with that run: only the configuration is"
            " changed back."
        )
    stored = (operation.before or {}).get("config")
    fixed = SlotMap.from_json(stored).fixed if stored else frozenset()
    back = [
        effect for effect in _on(left, Side.CONFIG) if effect.vcpu in fixed and effect.target == Target.ABSENT
    ]
    if operation.status == Status.UNCONFIRMED:
        notes.append("What the guest has not confirmed stays as it is.")
    if back:
        notes.append(f"vCPU {_slots(back)} was fixed in the configuration and comes back removable.")
    return notes


def _on(effects: Sequence[Effect], side: Side) -> list[Effect]:
    return [effect for effect in effects if effect.side == side]


def _slots(effects: Sequence[Effect]) -> str:
    return cpulist.dump({effect.vcpu for effect in effects})
