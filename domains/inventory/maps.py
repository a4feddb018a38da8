"""Both sides of a domain at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from domains.models import Domain, Effect
from domains.vcpu.guest import GuestView
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.targets import Target, reached


@dataclass(frozen=True, slots=True)
class Maps:
    """The slots of both sides and the guest's own view; None for what is not there or not known."""

    live: SlotMap | None
    config: SlotMap | None
    guest: GuestView | None = None

    @classmethod
    def of(cls, domain: Domain) -> Maps:
        """Read them off the inventory. A domain that its host shows no longer has neither side."""
        config = domain.config_map if domain.gone_at is None else None
        return cls(domain.live_map, config, domain.guest_view)

    def present(self, side: str) -> frozenset[int] | None:
        """Give the IDs that are present on a side."""
        slots = self._slots(side)
        return slots.present if slots else None

    def reached(self, effect: Effect) -> bool | None:
        """Whether an effect's target is reached; None where its side cannot be seen."""
        return reached(Target(effect.target), effect.vcpu, self._slots(effect.side), self.guest)

    def lacks(self, effect: Effect) -> bool:
        """Whether an effect's side has no such slot, neither present nor absent."""
        slots = self._slots(effect.side)
        return slots is not None and effect.vcpu >= slots.maximum

    def _slots(self, side: str) -> SlotMap | None:
        return self.config if side == Side.CONFIG else self.live


def maps_json(domain: Domain) -> dict[str, object]:
    """Give both sides' slot maps in the form that operations and entries keep.

    What was known last of a domain that is gone is kept for its page, and is nothing that anybody sees now.
    """
    return {"live": domain.live, "config": domain.config if domain.gone_at is None else None}
