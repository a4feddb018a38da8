"""What became of one effect, judged from what was seen after the call, whatever the call returned."""

from __future__ import annotations

from dataclasses import dataclass

from domains.hypervisor.errors import ChangeRejected, GatewayError, GuestRefused, UnknownOutcome
from domains.models import EffectState
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from domains.vcpu.targets import ALREADY, Target

SYSTEM_ERROR = 38  # libvirt's code when a file could not be written


@dataclass(frozen=True, slots=True)
class Verdict:
    """An effect's new state; ``reason`` is empty where nothing needs explaining."""

    state: EffectState
    reason: Reason | None = None


def judge(
    *,
    side: Side,
    target: Target,
    reached: bool | None,
    same_run: bool,
    paused: bool,
    error: GatewayError | None,
    already: bool = False,
    ran: bool = True,
) -> Verdict:
    """Judge an effect whose call has ended.

    ``reached`` is what the reading shows of the target (None: its side cannot be seen any more). ``already``
    says that the target was reached before the call, ``ran`` that the guest was running then.
    libvirt's code 68 never means failed for a live removal: the guest may still let go.
    """
    bound = side is not Side.CONFIG  # to one run of the guest
    if already and isinstance(error, ChangeRejected):
        return Verdict(EffectState.SKIPPED, ALREADY[target])
    if side is Side.CONFIG and isinstance(error, ChangeRejected) and error.code == SYSTEM_ERROR:
        # Whatever it shows now: a daemon forgets at its next start what it could not store.
        return Verdict(EffectState.FAILED, Reason.CONFIG_WRITE_FAILED)
    if reached and (same_run or not bound):
        return Verdict(EffectState.DONE)
    if bound and not ran and isinstance(error, ChangeRejected):
        return Verdict(EffectState.FAILED, error.reason)
    if bound and (not same_run or (reached is None and side is Side.LIVE)):
        return Verdict(EffectState.FAILED, Reason.RUN_ENDED)
    if isinstance(error, GuestRefused):
        return Verdict(EffectState.FAILED, Reason.GUEST_REFUSED)
    if error is None or isinstance(error, UnknownOutcome):
        if side is Side.LIVE and target is Target.ABSENT:
            return Verdict(EffectState.WAITING, Reason.GUEST_PAUSED if paused else None)
        if reached is None:
            unseen = Reason.AGENT_UNAVAILABLE if side is Side.GUEST else Reason.DOMAIN_NOT_PERSISTENT
            return Verdict(EffectState.FAILED, unseen)
        return Verdict(EffectState.FAILED, Reason.DOMAIN_BUSY if error else Reason.HYPERVISOR_ERROR)
    return Verdict(EffectState.FAILED, error.reason)


def heed(verdict: Verdict, *, refused: bool) -> Verdict:
    """Judge anew with what was heard meanwhile: a guest that ``refused`` during the call is not waited for."""
    if refused and verdict.state == EffectState.WAITING:
        return Verdict(EffectState.FAILED, Reason.GUEST_REFUSED)
    return verdict


def judge_dead(
    *, side: Side, target: Target, reached: bool | None, same_run: bool, paused: bool, due: bool
) -> Verdict | None:
    """Judge an effect whose worker died during the call, or None while it is too early to say.

    The host may carry out what it had received until libvirt's own waits are over; only then (``due``) does
    "not reached" mean anything.
    """
    seen = judge(side=side, target=target, reached=reached, same_run=same_run, paused=paused, error=None)
    if seen.state == EffectState.DONE or seen.reason == Reason.RUN_ENDED:
        return seen
    if not due:
        return None
    return seen if seen.state == EffectState.WAITING else Verdict(EffectState.FAILED, Reason.INTERRUPTED)
