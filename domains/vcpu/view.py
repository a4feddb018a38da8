"""What the rules need to know of a domain, whether it was just read or comes from the inventory."""

from __future__ import annotations

from dataclasses import dataclass

from domains.vcpu.guest import GuestView
from domains.vcpu.slots import Side, SlotMap


@dataclass(frozen=True, slots=True)
class DomainView:
    """One domain at one moment.

    ``running`` is true for every active guest, a paused one included. ``live`` is None while it is not,
    ``config`` is None for a transient domain. ``unit_size`` is how many slots the machine plugs together,
    ``hotplug`` whether it plugs vCPUs at all, ``specific`` whether its driver can name the vCPU. ``agent``
    says whether the guest agent answers, None where none is configured; ``guest`` is what it last said, None
    where it never did in this run. ``booting`` says that the guest has hardly started. ``reachable`` and
    ``enabled`` speak of the host.
    """

    name: str
    running: bool
    paused: bool
    persistent: bool
    live: SlotMap | None
    config: SlotMap | None
    unit_size: int = 1
    hotplug: bool = True
    specific: bool = True
    agent: bool | None = None
    guest: GuestView | None = None
    booting: bool = False
    reachable: bool = True
    enabled: bool = True

    def slots(self, side: Side) -> SlotMap | None:
        """Give one side's slots. What the guest can switch on and off are the slots that are live."""
        return self.config if side is Side.CONFIG else self.live
