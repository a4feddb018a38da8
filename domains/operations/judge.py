"""What became of one effect, judged from what was seen after the call, whatever the call returned."""

from __future__ import annotations

from dataclasses import dataclass

from domains.hypervisor.errors import ChangeRejected, GatewayError, GuestRefused, UnknownOutcome
from domains.models import EffectState
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side

SYSTEM_ERROR = 38  # libvirt's code when a file could not be written


@dataclass(frozen=True, slots=True)
class Verdict:
    """An effect's new state; ``reason`` is empty where nothing needs explaining."""

    state: EffectState
    reason: Reason | None = None


def judge(
    *,
    side: Side,
    present: bool,
    shown: bool | None,
    same_run: bool,
    paused: bool,
    error: GatewayError | None,
    already: bool = False,
) -> Verdict:
    """Judge an effect whose call has ended.

    ``present`` is the target and ``shown`` what the reading shows (None: the side is not there any more).
    ``already`` says that the target was reached before the call.
    libvirt's code 68 never means failed for a live removal: the guest may still let go.
    """
    live = side is Side.LIVE
    if already and isinstance(error, ChangeRejected):
        return Verdict(EffectState.SKIPPED, Reason.ALREADY_PRESENT if present else Reason.ALREADY_ABSENT)
    if shown is not None and shown == present and (same_run or not live):
        return Verdict(EffectState.DONE)
    if live and (not same_run or shown is None):
        return Verdict(EffectState.FAILED, Reason.RUN_ENDED)
    if isinstance(error, GuestRefused):
        return Verdict(EffectState.FAILED, Reason.GUEST_REFUSED)
    if error is None or isinstance(error, UnknownOutcome):
        if live and not present:
            return Verdict(EffectState.WAITING, Reason.GUEST_PAUSED if paused else None)
        return Verdict(EffectState.FAILED, Reason.DOMAIN_BUSY if error else Reason.HYPERVISOR_ERROR)
    if side is Side.CONFIG and error.code == SYSTEM_ERROR:
        return Verdict(EffectState.FAILED, Reason.CONFIG_WRITE_FAILED)
    return Verdict(EffectState.FAILED, error.reason)


def judge_dead(
    *, side: Side, present: bool, shown: bool | None, same_run: bool, paused: bool, due: bool
) -> Verdict | None:
    """Judge an effect whose worker died during the call, or None while it is too early to say.

    The host may carry out what it had received until libvirt's own waits are over; only then (``due``) does
    "not reached" mean anything.
    """
    seen = judge(side=side, present=present, shown=shown, same_run=same_run, paused=paused, error=None)
    if seen.state == EffectState.DONE or seen.reason == Reason.RUN_ENDED:
        return seen
    if not due:
        return None
    return seen if seen.state == EffectState.WAITING else Verdict(EffectState.FAILED, Reason.INTERRUPTED)
