"""What can be done about an operation, and what to look at while its guest is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from domains.models import FINAL, Effect, EffectState, Operation, Status
from domains.vcpu import cpulist
from domains.vcpu.slots import Side
from domains.web import virsh
from domains.web.control import Control
from domains.web.followups import followups_of

_ASKED = (EffectState.WAITING, EffectState.UNCONFIRMED)
_ENDED = (*FINAL, Status.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Wait:
    """A guest that was asked to let go of ``vcpus`` and has not: ``until`` when it is expected to, if still so."""

    vcpus: str
    since: datetime | None
    until: datetime | None
    paused: bool
    state_command: str
    resume_command: str


def controls_of(
    operation: Operation, effects: Sequence[Effect], followers: Sequence[Operation]
) -> list[Control]:
    """Give the buttons for where the operation stands. ``domain`` is loaded with its ``host``.

    ``followers`` are the operations that undo or retry it. At most one query.
    """
    name, vcpus = operation.domain_name, _asked_for(effects)
    if operation.domain is None:
        return []
    if operation.status == Status.QUEUED and not operation.attempt:
        sentence = "Withdraws it before a worker takes it up; nothing is changed."
        return [Control("cancel", "Cancel", "ban", sentence)]
    again = Control(
        "ask-again",
        "Ask again",
        "refresh",
        f"{name} is asked once more to let go of vCPU {vcpus}, as a new attempt of this operation.",
    )
    stop = Control(
        "stop-waiting",
        "Stop waiting",
        "player-stop",
        "It is called unconfirmed now, and a new request can take its place. Slotboard goes on looking: should the"
        " guest let go after all, that counts.",
    )
    if operation.status == Status.WAITING:
        return [again, stop]
    after = followups_of(operation, effects, followers) if operation.status in _ENDED else []
    return [again, *after] if operation.status == Status.UNCONFIRMED else after


def wait_of(operation: Operation, effects: Sequence[Effect]) -> Wait | None:
    """Say since when the guest is waited for and how long yet, or None if it is not, as after the removal of its host.

    ``domain`` is loaded.
    """
    asked = [effect for effect in effects if effect.state in _ASKED and effect.side == Side.LIVE]
    if not asked or operation.domain is None:
        return None
    since = min((effect.applied_at for effect in asked if effect.applied_at), default=None)
    open_ones = [effect.applied_at for effect in asked if effect.state == EffectState.WAITING]
    last = max((moment for moment in open_ones if moment), default=None)
    guest = virsh.shell_name(operation.domain_name, operation.domain_uuid)
    return Wait(
        vcpus=_asked_for(effects),
        since=since,
        until=last + settings.UNPLUG_PATIENCE if last else None,
        paused=operation.domain.state == "paused",
        state_command=f"virsh domstate --reason {guest}",
        resume_command=f"virsh resume {guest}",
    )


def _asked_for(effects: Sequence[Effect]) -> str:
    return cpulist.dump({effect.vcpu for effect in effects if effect.state in _ASKED})
