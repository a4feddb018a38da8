"""What takes an operation back, as far as one request can, or why nothing does."""

from __future__ import annotations

from collections.abc import Sequence

from domains.inventory.maps import Maps
from domains.models import Domain, Effect, EffectState, Operation, Status
from domains.operations.opposite import irreversible, not_undoable, opposite_of
from domains.operations.standing import Obstacle, Proposal, Standing, heir
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.targets import Target, reached

_WHERE = {Side.LIVE: "live", Side.CONFIG: "in the configuration", Side.GUEST: "in the guest"}


def propose(standing: Standing) -> Proposal | Obstacle:
    """Give the request that takes back exactly what the operation has done, late or not; last change first.

    What it changed live went with the run of the guest; of what it did on both sides the config half is left then.
    """
    operation, domain = standing.operation, standing.domain
    done = [
        effect
        for effect in standing.effects
        if effect.state == EffectState.DONE and not _idle(effect, operation)
    ]
    obstacle = _under_way(operation, done) or irreversible(operation, done) or _undone(standing)
    if obstacle:
        return obstacle
    if domain is None:
        return Obstacle(
            Reason.DOMAIN_NOT_FOUND,
            f"The host shows no {operation.domain_name} any more, so there is nothing to undo operation {operation.pk} in.",
        )
    left = [effect for effect in done if not _ended(effect, domain)]
    if not left:
        return Obstacle(
            Reason.RUN_ENDED,
            f"{domain.name} has stopped since, and what operation {operation.pk} had changed live ended with that run;"
            " there is nothing left to undo.",
        )
    return _overtaken(standing, domain, left) or opposite_of(operation, domain, left, whole=left == done)


def _idle(effect: Effect, operation: Operation) -> bool:
    """Whether the slot was as asked before: a call for several slots may name such ones too."""
    stored = (operation.before or {}).get(effect.side)
    if not stored or effect.target not in (Target.PRESENT, Target.ABSENT):
        return False
    return bool(reached(Target(effect.target), effect.vcpu, SlotMap.from_json(stored), None))


def _under_way(operation: Operation, done: Sequence[Effect]) -> Obstacle | None:
    number, status = operation.pk, operation.status
    if status == Status.QUEUED and not operation.attempt:
        return not_undoable(f"Operation {number} is still queued and has changed nothing; cancel it instead.")
    if status in (Status.QUEUED, Status.RUNNING):
        return not_undoable(f"Operation {number} is still {status}; undo it when it has ended.")
    if status == Status.WAITING:
        return not_undoable(
            f"Operation {number} is waiting for {operation.domain_name} to let go of a vCPU; undo it when that is over, or"
            " stop waiting first."
        )
    if status == Status.UNCONFIRMED and not done:
        return not_undoable(
            f"{operation.domain_name} has not confirmed operation {number}, so there is nothing to undo; if it lets go"
            " of the vCPU after all, that can be undone."
        )
    if not done:
        return not_undoable(f"Operation {number} changed nothing, so there is nothing to undo.")
    return None


def _undone(standing: Standing) -> Obstacle | None:
    number = standing.operation.pk
    by = heir([one for one in standing.followers if one.undo_of_id == number])
    if by is None:
        return None
    if by.status == Status.SUCCEEDED:
        return not_undoable(
            f"Operation {by.pk} has undone operation {number} already; undo that one to have it again."
        )
    if by.status == Status.PARTIAL:
        return not_undoable(
            f"Operation {by.pk} has undone part of operation {number}; retry that one for the rest."
        )
    return not_undoable(
        f"Operation {by.pk} is to undo operation {number} and is {by.status}; see what becomes of it."
    )


def _ended(effect: Effect, domain: Domain) -> bool:
    """Whether the run of the guest is over in which this was done."""
    return effect.side != Side.CONFIG and not (domain.running and effect.run == domain.run)


def _overtaken(standing: Standing, domain: Domain, left: Sequence[Effect]) -> Obstacle | None:
    """Find a slot that no longer stands as it was left, or that stands so by somebody else's doing."""
    number, maps = standing.operation.pk, Maps.of(domain)
    for effect in left:
        slot = f"vCPU {effect.vcpu} of {domain.name}"
        by = standing.overtaken.get((effect.vcpu, effect.side))
        if by:
            return Obstacle(
                Reason.CHANGED_MEANWHILE,
                f"Operation {by} has changed {slot} {_WHERE[Side(effect.side)]} since, so operation {number} cannot be"
                " undone; look at that one, or ask for what you want on the guest's page.",
            )
        if maps.reached(effect) is False:
            return Obstacle(
                Reason.CHANGED_MEANWHILE,
                f"{slot} no longer stands as operation {number} left it {_WHERE[Side(effect.side)]}: it was changed"
                " outside Slotboard. Ask for what you want on the guest's page.",
            )
    return None
