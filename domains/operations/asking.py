"""The one call of a step: which of the gateway's ways of asking an effect means, and what the host can do at all."""

from __future__ import annotations

from collections.abc import Sequence

from domains.hypervisor.gateway import Gateway
from domains.inventory import hosts
from domains.models import Domain, Effect, Host, Operation
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.targets import Target


def with_abilities(gateway: Gateway, domain: Domain) -> Domain:
    """Find out whether the host can plug a vCPU by its ID, once: the watcher's connection may not ask that.

    Raises ``GatewayError``.
    """
    if domain.host.specific is None:
        domain.host.specific = gateway.can_choose(str(domain.uuid))
        hosts.learn(domain.host_id, specific=domain.host.specific)
    return domain


def counts(host: Host, operation: Operation) -> bool:
    """Whether the operation is carried out by a count: it left the slot to us, on a host that knows no other way."""
    return host.specific is False and operation.vcpu in ("first", "highest")


def ask(gateway: Gateway, domain: Domain, effects: Sequence[Effect]) -> None:
    """Ask for one step on a domain that was just read. Raises ``GatewayError``.

    A slot that was named goes to a driver that only counts as it is, for the driver to refuse: any count would
    change another one.
    """
    uuid, first = str(domain.uuid), effects[0]
    ids, side, target = frozenset(effect.vcpu for effect in effects), Side(first.side), Target(first.target)
    if side is Side.GUEST:
        guest = domain.guest_view
        numbers = (
            frozenset(guest.slots[vcpu] for vcpu in ids if vcpu in guest.slots) if guest else frozenset()
        )
        gateway.set_online(uuid, numbers, online=target is Target.ONLINE)
    elif counts(domain.host, first.operation):
        gateway.set_count(uuid, _count(domain, ids, side, target), side=side)
    else:
        gateway.set_slots(uuid, ids, present=target is not Target.ABSENT, side=side)


def _count(domain: Domain, ids: frozenset[int], side: Side, target: Target) -> int:
    """Give the number of vCPUs that a driver is to set which can only count."""
    slots: SlotMap | None = domain.live_map if side is Side.LIVE else domain.config_map
    present = slots.present if slots else frozenset()
    return len(present | ids if target is Target.PRESENT else present - ids)
