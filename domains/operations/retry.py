"""What asks once more for what an operation has not achieved, or why nothing does."""

from __future__ import annotations

from dataclasses import replace

from domains.models import EffectState, Operation, Status
from domains.operations.change import Change
from domains.operations.standing import Obstacle, Proposal, Standing, affect_of, heir, naming
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action
from domains.vcpu.targets import ALREADY

RETRIABLE = (Status.FAILED, Status.PARTIAL, Status.CANCELLED)


def propose(standing: Standing) -> Proposal | Obstacle:
    """Give the same request for what was not achieved: same way to go on, same sides as far as they are left.

    Where ``first`` or ``highest`` had been found out, the same slot is asked for again and not whatever the word
    means by now; otherwise the word stands, with the slot that the person had been shown.
    """
    operation, domain = standing.operation, standing.domain
    obstacle = _ended_well(operation) or _retried(standing)
    if obstacle:
        return obstacle
    if domain is None:
        return Obstacle(
            Reason.DOMAIN_NOT_FOUND,
            f"The host shows no {operation.domain_name} any more, so operation {operation.pk} cannot be retried.",
        )
    # A retried undoing undoes the same operation, so that this is not undone once more.
    asked = replace(Change.of(operation), retry_of_id=operation.pk)
    left = [effect for effect in standing.effects if effect.state != EffectState.DONE]
    left = [effect for effect in left if effect.reason not in ALREADY.values()] or left
    if not left or asked.action is Action.MAKE_REMOVABLE:  # which is one call, done or not done
        return Proposal(domain, asked)
    vcpu, expect = naming(list(dict.fromkeys(effect.vcpu for effect in left)), asked.action, domain)
    asked = replace(asked, vcpu=vcpu, expect=expect)
    if asked.action in (Action.ADD, Action.REMOVE):
        asked = replace(asked, affect=affect_of(left))
    done = operation.status == Status.PARTIAL
    return Proposal(domain, asked, ("What succeeded is left as it is.",) if done else ())


def _ended_well(operation: Operation) -> Obstacle | None:
    number, status = operation.pk, operation.status
    if status in RETRIABLE:
        return None
    if status == Status.SUCCEEDED:
        return _no(f"Operation {number} has succeeded, so there is nothing to retry.")
    if status == Status.UNCONFIRMED and operation.domain_id is None:
        return _no(
            f"The host of operation {number} was removed from here, so its guest cannot be asked again."
        )
    if status in (Status.WAITING, Status.UNCONFIRMED):
        return _no(
            f"Operation {number} is {status}: {operation.domain_name} may still let go. Ask the guest again, which is a"
            " new attempt of the same operation."
        )
    return _no(f"Operation {number} is still {status}; see what becomes of it first.")


def _retried(standing: Standing) -> Obstacle | None:
    number = standing.operation.pk
    by = heir([one for one in standing.followers if one.retry_of_id == number])
    if by is None:
        return None
    if by.status == Status.SUCCEEDED:
        return _no(f"Operation {by.pk} has retried operation {number} already, and succeeded.")
    if by.status == Status.PARTIAL:
        return _no(f"Operation {by.pk} has achieved part of what operation {number} did not; retry that one.")
    return _no(
        f"Operation {by.pk} is to retry operation {number} and is {by.status}; see what becomes of it."
    )


def _no(sentence: str) -> Obstacle:
    return Obstacle(Reason.NOT_RETRIABLE, sentence)
