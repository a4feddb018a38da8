"""What an effect wants of one slot on one side, and whether that is so."""

from __future__ import annotations

from enum import StrEnum

from domains.vcpu.guest import GuestView
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import SlotMap


class Target(StrEnum):
    """The state that is wanted. The first three are the host's to give, the last two the guest's own."""

    PRESENT = "present"
    ABSENT = "absent"
    REMOVABLE = "removable"
    ONLINE = "online"
    OFFLINE = "offline"


ALREADY = {
    Target.PRESENT: Reason.ALREADY_PRESENT,
    Target.ABSENT: Reason.ALREADY_ABSENT,
    Target.REMOVABLE: Reason.ALREADY_REMOVABLE,
    Target.ONLINE: Reason.ALREADY_ONLINE,
    Target.OFFLINE: Reason.ALREADY_OFFLINE,
}


def reached(target: Target, vcpu: int, slots: SlotMap | None, guest: GuestView | None) -> bool | None:
    """Say whether a slot is as wanted, or None where that side cannot be seen.

    ``slots`` is the side's map, ``guest`` what the guest's kernel says; only the last two targets look at it.
    """
    if target in (Target.ONLINE, Target.OFFLINE):
        online = guest.online_of(vcpu) if guest else None
        return None if online is None else online == (target is Target.ONLINE)
    if slots is None:
        return None
    if target is Target.REMOVABLE:
        return vcpu in slots.removable
    # A slot that the side does not have at all is not an absent one.
    return vcpu < slots.maximum and (vcpu in slots.present) == (target is Target.PRESENT)
