"""The one family of errors that leaves this room: libvirt's codes in Slotboard's words."""

from __future__ import annotations

from dataclasses import dataclass

from domains.hypervisor.codes import Code, Origin
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side


class GatewayError(Exception):
    """A call to the hypervisor failed. ``code`` and ``text`` are libvirt's own, kept for the history."""

    reason = Reason.HYPERVISOR_ERROR

    def __init__(self, text: str, *, code: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class HostUnreachable(GatewayError):
    """No connection could be opened, so nothing was asked of the host.

    ``text`` is a sentence for people and ``obstacle`` its kind, see ``domains.hypervisor.openings``; ``said`` are
    libvirt's own words, which are for the log only.
    """

    reason = Reason.HOST_UNREACHABLE

    def __init__(
        self, text: str, *, code: int | None = None, obstacle: str = "other", said: str = ""
    ) -> None:
        super().__init__(text, code=code)
        self.obstacle = obstacle
        self.said = said


class ConnectionLost(GatewayError):
    """The connection broke during a call: the host may still carry out what it had received."""

    reason = Reason.INTERRUPTED


class DomainNotFound(GatewayError):
    """The host has no such domain."""

    reason = Reason.DOMAIN_NOT_FOUND


class UnknownOutcome(GatewayError):
    """The guest has not let go in time, or libvirt gave no code: only reading the domain again tells."""

    reason = Reason.UNPLUG_UNCONFIRMED


class DomainBusy(GatewayError):
    """Another job held the domain until libvirt gave up waiting: nothing was done, or the guest not asked."""

    reason = Reason.DOMAIN_BUSY


class GuestRefused(GatewayError):
    """The guest answered that it will not let go: said by libvirt on pSeries, by QEMU's monitor on x86."""

    reason = Reason.GUEST_REFUSED


class ChangeRejected(GatewayError):
    """The host refused the change.

    ``reason`` is set where the code alone is exact. Where it is ``hypervisor_error``, the rules applied to a
    fresh reading tell more: one code of libvirt's stands for several situations.
    """

    def __init__(
        self, text: str, *, code: int | None = None, reason: Reason = Reason.HYPERVISOR_ERROR
    ) -> None:
        super().__init__(text, code=code)
        self.reason = reason


class AgentUnavailable(GatewayError):
    """The guest could not be asked through its agent. ``reason`` tells a paused or stopped guest apart."""

    def __init__(
        self, text: str, *, code: int | None = None, reason: Reason = Reason.AGENT_UNAVAILABLE
    ) -> None:
        super().__init__(text, code=code)
        self.reason = reason


class ForkedProcess(RuntimeError):
    """A connection or the event loop was used in another process than the one that opened it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a failed call had asked for: some codes are exact only together with it.

    A count has no ``ids``. ``waits`` is False for a call that returns without waiting for the guest.
    """

    ids: frozenset[int]
    present: bool
    side: Side
    waits: bool = True

    @property
    def unplugs(self) -> bool:
        """Whether a running guest has to let go of something."""
        return self.side is Side.LIVE and not self.present


_NO_LOCK = "cannot acquire state change lock"  # libvirt's words, where its daemon speaks English
_IN_FIRMWARE = "device unplug request for not supported device type"  # QEMU's, which are never translated
_UNPLUG_OVER_SECONDS = 25.0  # libvirt waits 30 s for a domain, and then 5 s or 10 s for its guest

_BROKEN = frozenset({Code.INTERNAL_ERROR, Code.NO_CONNECT, Code.INVALID_CONN, Code.SYSTEM_ERROR, Code.RPC})
_SIDE_MISSING = {Side.LIVE: Reason.DOMAIN_NOT_RUNNING, Side.CONFIG: Reason.DOMAIN_NOT_PERSISTENT}


def translate(
    code: int | None, origin: int | None, text: str, change: Change | None = None, *, seconds: float = 0.0
) -> GatewayError:
    """Turn one of libvirt's errors during a call into ours, by its code.

    Words count only where a code has two meanings and they can be recognised without doubt: what is not known by
    them, in another language for instance, stays the code's more careful meaning. ``origin`` is libvirt's error
    domain, ``change`` what the call had asked for (None for a reading), ``seconds`` how long it took.
    """
    if (origin in (Origin.RPC, Origin.REMOTE) and code in _BROKEN) or code == Code.INVALID_CONN:
        return ConnectionLost(text, code=code)
    nothing_said = code in (None, 0) or (code == Code.INTERNAL_ERROR and origin in (None, Origin.NONE))
    if nothing_said:
        return UnknownOutcome(text, code=code)
    if _never_begun(code, text, change, seconds):
        return DomainBusy(text, code=code)
    if code == Code.OPERATION_TIMEOUT:
        return UnknownOutcome(text, code=code)
    if code == Code.NO_DOMAIN:
        return DomainNotFound(text, code=code)
    if change is None:
        return GatewayError(text, code=code)
    if code == Code.OPERATION_FAILED and change.unplugs:
        return GuestRefused(text, code=code)
    if code == Code.INTERNAL_ERROR and change.unplugs and _IN_FIRMWARE in text:
        return ChangeRejected(text, code=code, reason=Reason.GUEST_NOT_READY)
    return ChangeRejected(text, code=code, reason=_exact_reason(code, change))


def _never_begun(code: int | None, text: str, change: Change | None, seconds: float) -> bool:
    """Whether libvirt gave up before it did anything, since another job held the domain."""
    if code == Code.OPERATION_FAILED:  # too many were queueing already
        return _NO_LOCK in text
    if code != Code.OPERATION_TIMEOUT:
        return False
    if change is None or not change.unplugs or not change.waits:
        return True
    # The wait for the guest is shorter than the one for the domain, so a call that ended early had begun.
    return seconds >= _UNPLUG_OVER_SECONDS and _NO_LOCK in text


def _exact_reason(code: int | None, change: Change) -> Reason:
    if code == Code.NO_SUPPORT and change.ids:
        return Reason.SPECIFIC_UNSUPPORTED
    if code == Code.OPERATION_INVALID:
        return _SIDE_MISSING.get(change.side, Reason.HYPERVISOR_ERROR)
    if code == Code.OPERATION_UNSUPPORTED and change.present and len(change.ids) == 1:
        # For one added slot only the machine type can be meant; a removal also fails so for a fixed slot.
        return Reason.HOTPLUG_UNSUPPORTED
    if code == Code.SYSTEM_ERROR and change.side is Side.CONFIG:
        return Reason.CONFIG_WRITE_FAILED
    return Reason.HYPERVISOR_ERROR
