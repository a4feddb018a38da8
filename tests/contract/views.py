"""What readings of the contract's guests come to."""

from __future__ import annotations

from domains.hypervisor.gateway import DomainState
from domains.vcpu.resolve import resolve
from domains.vcpu.rules import Action
from domains.vcpu.slots import Side
from domains.vcpu.view import DomainView

LIVE, CONFIG = Side.LIVE, Side.CONFIG


def view_of(reading) -> DomainView:
    return DomainView(
        name=reading.name,
        running=reading.live is not None,
        paused=reading.state is DomainState.PAUSED,
        persistent=reading.persistent,
        live=reading.live,
        config=reading.config,
        unit_size=reading.unit_size,
        hotplug=reading.hotplug,
        agent=reading.agent,
    )


def first_absent(world, name, *sides) -> int:
    vcpu = resolve(
        view_of(world.gateway.read_domain(world.uuid(name))), Action.ADD, "first", sides or (LIVE,)
    )
    assert isinstance(vcpu, int)
    return vcpu
