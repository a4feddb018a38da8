"""The checks of the guest's own actions: which of its CPUs its kernel can switch on and off."""

from __future__ import annotations

from collections.abc import Iterator

from domains.vcpu import checks
from domains.vcpu.checks import Facts
from domains.vcpu.guest import GuestView
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal
from domains.vcpu.slots import Side


def check_switch(
    facts: Facts, guest: GuestView | None, ids: frozenset[int], *, online: bool
) -> Refusal | None:
    """Say why the guest cannot switch these slots' CPUs on (``online``) or off.

    Without a view of the guest nothing speaks against it yet: the worker asks the agent before it acts.
    """
    refused = checks.out_of_range(facts, ids)
    if refused:
        return refused
    absent = ids - facts.slots.present
    if absent:
        return Refusal(Reason.ALREADY_ABSENT, min(absent), Side.LIVE)
    if 0 in ids and not online:
        return Refusal(Reason.NOT_OFFLINABLE, 0, Side.GUEST)
    return next(_objections(guest, ids, online=online), None) if guest else None


def _objections(guest: GuestView, ids: frozenset[int], *, online: bool) -> Iterator[Refusal]:
    unknown = {vcpu for vcpu in ids if vcpu not in guest.slots}
    if unknown:
        yield Refusal(Reason.GUEST_CPU_UNKNOWN, min(unknown), Side.GUEST)
        return
    already = {vcpu for vcpu in ids if guest.online_of(vcpu) is online}
    if already == ids:
        reason = Reason.ALREADY_ONLINE if online else Reason.ALREADY_OFFLINE
        yield Refusal(reason, min(already), Side.GUEST)
    kept = {vcpu for vcpu in ids - already if guest.slots[vcpu] not in guest.offlinable}
    if kept and not online:
        yield Refusal(Reason.NOT_OFFLINABLE, min(kept), Side.GUEST)
