"""One sentence for people per reason code: what is in the way, and what would make the change possible."""

from __future__ import annotations

from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side

_WHERE = {
    Side.LIVE: " in the running guest",
    Side.CONFIG: " in the configuration",
    Side.GUEST: " in the guest's own kernel",
    None: "",
}

# {slot} is "vCPU 5 of web01", or "A vCPU of web01" where no slot is named; {where} is the side, or nothing.
_SENTENCES = {
    Reason.ALREADY_PRESENT: "{slot} is already present{where}, so there is nothing to add.",
    Reason.ALREADY_ABSENT: "{slot} is already absent{where}; add it first if you meant to change it.",
    Reason.ALREADY_REMOVABLE: "{slot} can already be removed{where}, so there is nothing to change.",
    Reason.ALREADY_ONLINE: "{slot} is already online in the guest, so there is nothing to switch.",
    Reason.ALREADY_OFFLINE: "{slot} is already offline in the guest; bring it online first if you meant to change it.",
    Reason.ALREADY_ALIKE: "The running guest and the configuration of {domain} hold the same vCPUs, so there is"
    " nothing to make alike.",
    Reason.OUT_OF_RANGE: "{slot} does not exist{where}; choose a slot below the maximum, or raise the maximum.",
    Reason.VCPU0_FIXED: "vCPU 0 of {domain} cannot be changed{where}: every guest keeps it; choose another slot.",
    Reason.NOT_REMOVABLE: "{slot} was there when the guest booted and cannot be removed while it runs; make it"
    " removable in the configuration and start the guest anew.",
    Reason.FOLLOWED_BY_FIXED: "{slot} cannot be changed{where} while a slot above it is fixed; remove the higher"
    " ones or make them removable first.",
    Reason.PARTIAL_UNIT: "{slot} is part of a core that is plugged as a whole; choose all of its slots.",
    Reason.NO_ABSENT_SLOT: "{domain} has no free slot left{where}; raise its maximum or remove a vCPU first.",
    Reason.NOTHING_REMOVABLE: "{domain} has no vCPU that can be removed{where}; add one, or make one removable"
    " for the next start.",
    Reason.DOMAIN_NOT_RUNNING: "{domain} is not running, so {the_slot} cannot be changed live; start it, or"
    " change its configuration.",
    Reason.DOMAIN_NOT_PERSISTENT: "{domain} is transient and has no configuration in which {the_slot} could be"
    " changed; change it live, or define the domain.",
    Reason.DOMAIN_NOT_FOUND: "The host has no domain {domain} any more, so {the_slot} cannot be changed; define"
    " it there again.",
    Reason.HOST_NOT_FOUND: "The host of {domain} is not known here; an administrator can add it.",
    Reason.HOTPLUG_UNSUPPORTED: "The machine type of {domain} plugs no vCPU at all, so {the_slot} cannot be"
    " changed; that takes another machine type.",
    Reason.SPECIFIC_UNSUPPORTED: "The driver of {domain} can only set how many vCPUs there are, so {the_slot}"
    " cannot be chosen; that takes a QEMU host.",
    Reason.AGENT_UNAVAILABLE: "The guest agent of {domain} does not answer, so {the_slot} cannot be switched in"
    " the guest; install or start the agent.",
    Reason.GUEST_CPU_UNKNOWN: "The guest of {domain} numbers its CPUs itself, and which of them is {the_slot} is not"
    " known; switch it inside the guest.",
    Reason.NOT_OFFLINABLE: "{slot} cannot be taken offline: the guest's kernel needs it; choose another slot.",
    Reason.GUEST_PAUSED: "{domain} is paused and cannot answer for {the_slot} until it is resumed.",
    Reason.GUEST_NOT_READY: "{domain} is still starting and cannot answer for {the_slot}; try again once it is"
    " up.",
    Reason.DOMAIN_BUSY: "The hypervisor is busy with {domain}, so {the_slot} was not changed; try again when"
    " its current job is done.",
    Reason.OPERATION_OPEN: "Another operation still works on {the_slot} of {domain}; wait for it, or stop it.",
    Reason.CHANGED_MEANWHILE: "{domain} has changed since you looked, so {the_slot} was left alone; look again"
    " and repeat the request.",
    Reason.HOST_UNREACHABLE: "The host of {domain} cannot be reached, so {the_slot} was not changed; try again"
    " when it answers.",
    Reason.HOST_DISABLED: "The host of {domain} is switched off here, so {the_slot} was not changed; an"
    " administrator can enable it.",
    Reason.UNPLUG_UNCONFIRMED: "{domain} was asked to let go of {the_slot} and has not confirmed it. It may still"
    " do so; look inside the guest whether it still uses that CPU (lscpu, or its kernel log), or ask again.",
    Reason.GUEST_REFUSED: "{domain} refused to let go of {the_slot}; free the CPU inside the guest, then request"
    " the removal again.",
    Reason.RUN_ENDED: "{domain} stopped before {the_slot} was changed; repeat the request once it runs again.",
    Reason.SUPERSEDED: "A newer request for {the_slot} of {domain} took the place of this one; see that one.",
    Reason.INTERRUPTED: "The connection or the worker broke off while {the_slot} of {domain} was being changed,"
    " and the change was not seen afterwards; repeat the request.",
    Reason.CONFIG_WRITE_FAILED: "The host could not store the configuration of {domain} with {the_slot} changed;"
    " look at its disk and try again.",
    Reason.HYPERVISOR_ERROR: "The hypervisor refused to change {the_slot} of {domain}; its own words are kept"
    " with the operation.",
    Reason.NOT_PERMITTED: "You may not change {the_slot} of {domain}; ask an administrator for the role.",
    Reason.INVALID_REQUEST: "The request for {the_slot} of {domain} makes no sense as it stands; correct it and"
    " send it again.",
    Reason.IDEMPOTENCY_MISMATCH: "This idempotency key was already used for a different request; send the"
    " change of {the_slot} of {domain} with a new key.",
    Reason.NOT_CANCELLABLE: "The operation on {the_slot} of {domain} has already begun and cannot be cancelled;"
    " undo it when it is done.",
    Reason.NOT_UNDOABLE: "The change of {the_slot} of {domain} cannot be undone as it stands; look at its operation.",
    Reason.NOT_RETRIABLE: "There is nothing about {the_slot} of {domain} to retry; look at its operation.",
    Reason.OPERATION_NOT_FOUND: "There is no such operation on {domain}, or you may not see it; see the operation"
    " history.",
    Reason.BATCH_NOT_FOUND: "There is no such batch with {domain} in it, or you may not see it; see the list of batches.",
    Reason.RATE_LIMITED: "Too many requests arrived in a short time, so {the_slot} of {domain} was not changed;"
    " wait a moment and send it again.",
}

# The same while nothing has been asked yet.
_FORESEEN = _SENTENCES | {
    Reason.HOST_UNREACHABLE: "The host of {domain} does not answer, so nothing could be changed; look again when it"
    " does.",
    Reason.HOST_DISABLED: "The host of {domain} is switched off here, so nothing could be changed; an administrator"
    " can switch it on.",
}

# What is added where the caller knows more.
_ADDITIONS = {
    (Reason.OUT_OF_RANGE, "maximum"): "It has slots 0 to {last}.",
    (Reason.NOT_REMOVABLE, "highest_removable"): "The highest one that can be removed now is vCPU {value}.",
    (Reason.NO_ABSENT_SLOT, "after"): "That is so once vCPU {value} is there, fewer than were asked for.",
    (Reason.NOTHING_REMOVABLE, "after"): "That is so once vCPU {value} is gone, fewer than were asked for.",
    (Reason.FOLLOWED_BY_FIXED, "fixed"): "The highest fixed one is vCPU {value}.",
    (Reason.PARTIAL_UNIT, "unit"): "The whole unit is {value}.",
    (Reason.OPERATION_OPEN, "operation"): "It is operation {value}.",
    (Reason.HYPERVISOR_ERROR, "text"): "It said: {value}",
    (Reason.GUEST_REFUSED, "text"): "It said: {value}",
    (Reason.INVALID_REQUEST, "problem"): "{value}",
}


def sentence(
    reason: Reason,
    *,
    domain: str,
    vcpu: int | None = None,
    side: Side | None = None,
    beforehand: bool = False,
    **extra: object,
) -> str:
    """Say in plain words why something was not done, or ``beforehand`` would not be.

    ``extra`` may hold details such as ``maximum``, ``highest_removable``, ``fixed``, ``unit``, ``operation``,
    ``text`` and ``problem``; those that a reason has no use for are ignored, and none is needed.
    """
    slot = "the vCPU" if vcpu is None else f"vCPU {vcpu}"
    words = [
        (_FORESEEN if beforehand else _SENTENCES)[reason].format(
            slot=f"{'A vCPU' if vcpu is None else slot} of {domain}",
            the_slot=slot,
            where=_WHERE[side],
            domain=domain,
        )
    ]
    for name, value in extra.items():
        addition = _ADDITIONS.get((reason, name))
        if addition and value not in (None, ""):
            last = value - 1 if isinstance(value, int) else value
            words.append(addition.format(value=value, last=last))
    return " ".join(words)
