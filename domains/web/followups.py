"""The buttons that undo and retry an operation, and what the rules have against pressing them now."""

from __future__ import annotations

from collections.abc import Sequence

from domains.models import Effect, EffectState, Operation
from domains.operations import retry, said, undo
from domains.operations.foreseen import foreseen
from domains.operations.standing import Obstacle, Proposal, standing_of
from domains.vcpu.affect import Affect
from domains.vcpu.hints import removal_hint
from domains.vcpu.rules import Action
from domains.web.control import Control


def followups_of(
    operation: Operation, effects: Sequence[Effect], followers: Sequence[Operation]
) -> list[Control]:
    """Give the buttons for an operation that has done something, and for one that has left something.

    ``domain`` is loaded with its ``host``. One query.
    """
    standing = standing_of(operation, effects, followers)
    controls = []
    if any(effect.state == EffectState.DONE for effect in effects):
        controls.append(_control("undo", "Undo", "arrow-back-up", undo.propose(standing)))
    if operation.status in retry.RETRIABLE:
        controls.append(_control("retry", "Retry", "repeat", retry.propose(standing)))
    return controls


def _control(address: str, label: str, icon: str, found: Proposal | Obstacle) -> Control:
    if isinstance(found, Obstacle):
        return Control(address, label, icon, found.sentence, reason=found.reason)
    refused = foreseen(found.domain, found.change)
    if refused:
        return Control(address, label, icon, refused.sentence(found.domain.name), reason=refused.reason)
    return Control(address, label, icon, _sentence(found))


def _sentence(found: Proposal) -> str:
    change = found.change
    words = [f"A new operation would {said.of_change(change, found.domain.name).deed}.", *found.notes]
    if change.ask_anyway:
        words.append("The rules are left out, as before.")
    delay = removal_hint(found.domain.view())
    if delay and change.action is Action.REMOVE and change.affect is not Affect.CONFIG:
        words.append(delay.message)
    return " ".join(words)
