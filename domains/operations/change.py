"""What is asked of a domain: the request behind an operation, as every door reads it and the row keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domains.models import Operation
from domains.vcpu.affect import Affect
from domains.vcpu.rules import Action

Wanted = list[int] | Literal["first", "highest", "all"]


class OnFailure(StrEnum):
    """What to do about the slots after one that failed."""

    STOP = "stop"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked of a domain. ``expect`` is the ID that the person was shown for first or highest.

    ``undo_of_id`` and ``retry_of_id`` name the operation whose undoing or retrying this is, ``batch_id`` the batch
    that it is part of; what is asked of an operation later is not part of it any more.
    """

    action: Action
    vcpu: Wanted
    affect: Affect
    expect: int | None = None
    note: str = ""
    on_failure: OnFailure = OnFailure.STOP
    queue_if_unreachable: bool = False
    ask_anyway: bool = False
    undo_of_id: int | None = None
    retry_of_id: int | None = None
    batch_id: int | None = None

    @classmethod
    def of(cls, operation: Operation) -> Change:
        """Give what an operation was asked for."""
        return cls(
            action=Action(operation.action),
            vcpu=operation.vcpu,
            affect=Affect(operation.affect),
            expect=operation.expect,
            note=operation.note,
            on_failure=OnFailure(operation.on_failure),
            queue_if_unreachable=operation.queue_if_unreachable,
            ask_anyway=operation.ask_anyway,
            undo_of_id=operation.undo_of_id,
            retry_of_id=operation.retry_of_id,
        )
