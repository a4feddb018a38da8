"""What other tools, and guests themselves, do to the domains of a simulated host."""

from __future__ import annotations

from typing import Any

from domains.vcpu.slots import Side, SlotMap
from tests.simulated_body import emit, put, slots_of
from tests.simulated_host import SimulatedHost

_CRASHED = 5  # libvirt's lifecycle event for a guest that is stopped, whatever stopped it


def set_maximum(host: SimulatedHost, known: str, maximum: int) -> None:
    """Give the configuration another number of slots; those beyond it are dropped."""
    slots = _config(host, known)
    kept = frozenset(range(maximum))
    redefine(host, known, SlotMap(maximum, slots.present & kept, slots.removable & kept))


def set_removable(host: SimulatedHost, known: str, vcpu: int, removable: bool) -> None:
    """Say in the configuration whether a present slot can be removed once the guest runs."""
    slots, one = _config(host, known), frozenset({vcpu})
    marked = slots.removable | one if removable else slots.removable - one
    redefine(host, known, SlotMap(slots.maximum, slots.present, marked & slots.present))


def redefine(host: SimulatedHost, known: str, slots: SlotMap) -> None:
    """Replace the configuration, or give one to a transient domain."""
    with host.transaction() as db:
        body = host.load(db, known)
        put(body, Side.CONFIG, slots)
        host.save(db, known, body)


def undefine(host: SimulatedHost, known: str) -> None:
    """Take the configuration from a running domain: it is transient from then on."""
    _update(host, known, config=None)


def crash(host: SimulatedHost, known: str) -> None:
    """End the guest, and have the host call it crashed."""
    with host.transaction() as db:
        body = host.load(db, known)
        body |= {"state": "crashed", "live": None, "id": None, "started": None, "pending": []}
        host.save(db, known, body)
        emit(db, known, "lifecycle", {"event": _CRASHED, "detail": 0})


def restart(host: SimulatedHost, known: str) -> None:
    """Stop the guest and start it from its configuration."""
    host.stop(known)
    host.start(known)


def bring_back(host: SimulatedHost, known: str, body: dict[str, Any]) -> None:
    """Have the host show a domain again as it was when :func:`take_away` took it."""
    with host.transaction() as db:
        db.execute("INSERT INTO domain (uuid, body) VALUES (?, '{}')", (known,))
        host.save(db, known, body)


def take_away(host: SimulatedHost, known: str) -> dict[str, Any]:
    """Have the host show a domain no longer, as after a migration, and give what :func:`bring_back` needs."""
    with host.transaction() as db:
        body = host.load(db, known)
    host.vanish(known)
    return body


def _config(host: SimulatedHost, known: str) -> SlotMap:
    with host.transaction() as db:
        slots = slots_of(host.load(db, known), Side.CONFIG)
    assert slots is not None, f"{known} is transient"
    return slots


def _update(host: SimulatedHost, known: str, **values: Any) -> None:
    with host.transaction() as db:
        host.save(db, known, host.load(db, known) | values)
