"""Undoing and retrying: new operations that refer to the one they follow, and otherwise are like every other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from domains.models import Domain, Operation
from domains.operations import retry as retrying
from domains.operations import undo as undoing
from domains.operations.actor import Actor
from domains.operations.change import Change
from domains.operations.control import find
from domains.operations.parse import parse_note
from domains.operations.refused import RequestRefused, record_control_refusal
from domains.operations.request import submit
from domains.operations.standing import Obstacle, Proposal, Standing, standing_of
from domains.vcpu.reasons import Reason

Propose = Callable[[Standing], Proposal | Obstacle]


def undo(actor: Actor, operation_id: int, *, note: str = "", idempotency_key: str = "") -> Operation:
    """Ask for the opposite of what an operation has done. Raises :class:`RequestRefused`.

    Whether that can be carried out is the worker's to find out; what is refused here needs no look at the host.
    """
    return _follow(actor, operation_id, "undo", note, idempotency_key, undoing.propose)


def retry(actor: Actor, operation_id: int, *, note: str = "", idempotency_key: str = "") -> Operation:
    """Ask once more for what an operation has not achieved. Raises :class:`RequestRefused`."""
    return _follow(actor, operation_id, "retry", note, idempotency_key, retrying.propose)


def _follow(actor: Actor, number: int, action: str, note: str, key: str, propose: Propose) -> Operation:
    first: Operation | None = None
    try:
        first = find(actor, number)
        if not actor.may_change(first):
            raise RequestRefused(Reason.NOT_PERMITTED, actor.barred(first.domain_name))
        note = parse_note(note)
        return _ask(actor, first.pk, action, note, key, propose)
    except RequestRefused as refusal:
        record_control_refusal(refusal, actor=actor, operation=first, number=number, action=action, note=note)
        raise


def _ask(actor: Actor, number: int, action: str, note: str, key: str, propose: Propose) -> Operation:
    def same(earlier: Operation) -> bool:
        undoes = earlier.undo_of_id == number and earlier.retry_of_id is None
        refers = undoes if action == "undo" else earlier.retry_of_id == number
        return refers and earlier.note == note

    def decide() -> tuple[Domain, Change]:
        first = Operation.objects.select_related("domain__host").get(pk=number)
        found = propose(standing_of(first, list(first.effects.all())))
        if isinstance(found, Obstacle):
            raise RequestRefused(found.reason, found.sentence, http_status=409)
        return found.domain, replace(found.change, note=note)

    return submit(actor, key, same=same, decide=decide)
