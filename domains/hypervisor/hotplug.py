"""Two functions for scripts: add or remove one vCPU of a libvirt domain by its ID.

They do what a 2012 proposal to libvirt described as ``virDomainAddVcpu`` and ``virDomainRemoveVcpu``, on a plain
``libvirt.virDomain`` of a read-write connection::

    domain = libvirt.open("qemu:///system").lookupByName("web01")
    added = add_vcpu(domain)                                  # the first absent slot, live if the guest runs
    remove_vcpu(domain, added, libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG)

``flags`` is libvirt's: ``VIR_DOMAIN_AFFECT_CURRENT`` (0) changes a running guest live and any other domain's
configuration; ``LIVE`` and ``CONFIG`` name a side, and may be joined. A -1 is resolved from the domain's XML by the
rules that Slotboard's pages use. With both sides one ID serves both; libvirt checks both before it changes any, then
does live first, and the two together are not atomic.
"""

from __future__ import annotations

from dataclasses import replace

import libvirt

from domains.hypervisor.codes import Code
from domains.hypervisor.plug import CONFIG, FLAGS, LIVE, can_choose, set_vcpu
from domains.vcpu import domainxml, units
from domains.vcpu.cpulist import MAX_SLOTS
from domains.vcpu.reasons import Reason
from domains.vcpu.refusals import Refusal
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action, expand
from domains.vcpu.slots import Side
from domains.vcpu.view import DomainView

_RETRIES = 5  # another caller may take the same first slot; each attempt reads the domain anew


class SlotUnavailable(ValueError):
    """-1 names no slot: none is absent, or the highest one cannot be removed. ``refusal`` says why."""

    def __init__(self, refusal: Refusal, domain: str) -> None:
        super().__init__(refusal.sentence(domain))
        self.refusal = refusal


def add_vcpu(domain: libvirt.virDomain, vcpu: int = -1, flags: int = 0) -> int:
    """Plug one vCPU into a domain and return its ID.

    ``vcpu`` -1 means the lowest absent ID on the side that is changed, with both sides the lowest absent on both.
    Where the machine plugs whole cores (pSeries) the ID is a core's first, and all of the core is plugged.
    Returning means that the hypervisor has the vCPU; the guest may still have to bring it online.

    Raises ``ValueError`` for an impossible ID or unknown flags, ``SlotUnavailable`` (a ``ValueError``) if -1 finds
    no slot, and ``libvirt.libvirtError`` for everything that libvirt refuses: live on an inactive domain, a present
    slot, a driver that cannot plug a vCPU by its ID (``VIR_ERR_NO_SUPPORT``; such a driver still takes -1 where
    raising its count is exactly the same).
    """
    return _change(domain, Action.ADD, vcpu, flags)


def remove_vcpu(domain: libvirt.virDomain, vcpu: int = -1, flags: int = 0) -> int:
    """Unplug one vCPU from a domain and return its ID.

    ``vcpu`` -1 means the vCPU with the highest ID, with both sides the highest live. If that one cannot be removed
    ``SlotUnavailable`` names it, and no other is taken in its place.

    Raises as ``add_vcpu``. ``VIR_ERR_OPERATION_TIMEOUT`` does not mean failure: the guest was asked, has not let go
    in time, and may still do so; read the domain's XML to see.
    """
    return _change(domain, Action.REMOVE, vcpu, flags)


def _change(domain: libvirt.virDomain, action: Action, vcpu: int, flags: int) -> int:
    if flags & ~(LIVE | CONFIG):
        raise ValueError(f"Unknown flags {flags:#x}: use 0, LIVE (1), CONFIG (2) or both.")
    if not -1 <= vcpu < MAX_SLOTS:
        raise ValueError(f"vCPU {vcpu} is not an ID from 0 to {MAX_SLOTS - 1}, nor -1.")
    flags = flags or (LIVE if domain.isActive() else CONFIG)
    if not can_choose(domain):
        return _change_count(domain, action, vcpu, flags)
    if vcpu < 0:
        return _change_any(domain, action, flags)
    # A core of a pSeries machine is named by its first ID; libvirt refuses a thread inside of it.
    size = _view(domain).unit_size
    ids = frozenset({vcpu}) if vcpu % size else units.unit_of(vcpu, size)
    set_vcpu(domain, ids, present=action is Action.ADD, flags=flags)
    return vcpu


def _change_any(domain: libvirt.virDomain, action: Action, flags: int) -> int:
    """Resolve -1 and change that slot; look again if somebody else has changed it in between."""
    refused: list[int] = []
    while True:
        view = _view(domain)
        found = _resolve(view, action, flags)
        try:
            set_vcpu(domain, expand(view, found), present=action is Action.ADD, flags=flags)
        except libvirt.libvirtError as error:
            # The code of "is so already" has other meanings: the same slot refused twice is one of those.
            if error.get_error_code() != Code.INVALID_ARG or found in refused or len(refused) == _RETRIES:
                raise
            refused.append(found)
        else:
            return found


def _change_count(domain: libvirt.virDomain, action: Action, vcpu: int, flags: int) -> int:
    """Serve -1 on a driver that can only set a count, where that changes the very slot that -1 means."""
    adding = action is Action.ADD
    if vcpu < 0:
        try:
            vcpu = _resolve(replace(_view(domain), specific=False), action, flags)
        except SlotUnavailable as error:
            if error.refusal.reason is not Reason.SPECIFIC_UNSUPPORTED:
                raise
        else:
            domain.setVcpusFlags(vcpu + 1 if adding else vcpu, flags)
            return vcpu
    set_vcpu(domain, frozenset({max(vcpu, 0)}), present=adding, flags=flags)  # for libvirt to refuse
    return vcpu


def _resolve(view: DomainView, action: Action, flags: int) -> int:
    found = resolve(view, action, "first" if action is Action.ADD else "highest", _sides(flags))
    if isinstance(found, Refusal):
        raise SlotUnavailable(found, view.name)
    return found


def _sides(flags: int) -> tuple[Side, ...]:
    return tuple(side for side, flag in FLAGS.items() if flags & flag)


def _view(domain: libvirt.virDomain) -> DomainView:
    live = domain.XMLDesc(0) if domain.isActive() else None
    config = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) if domain.isPersistent() else None
    parsed = domainxml.parse(live, config)
    return DomainView(
        name=parsed.name,
        running=parsed.live is not None,
        paused=False,
        persistent=parsed.config is not None,
        live=parsed.live,
        config=parsed.config,
        unit_size=parsed.unit_size,
        hotplug=parsed.hotplug,
    )
