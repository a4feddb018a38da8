"""Both sides of a domain at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from domains.models import Domain, Effect
from domains.vcpu.slots import Side, SlotMap


@dataclass(frozen=True, slots=True)
class Maps:
    """The slots of both sides; None for a side that is not there."""

    live: SlotMap | None
    config: SlotMap | None

    @classmethod
    def of(cls, domain: Domain) -> Maps:
        """Read them off the inventory."""
        return cls(domain.live_map, domain.config_map)

    def present(self, side: str) -> frozenset[int] | None:
        """Give the IDs that are present on a side."""
        slots = self.live if side == Side.LIVE else self.config
        return slots.present if slots else None

    def shows(self, effect: Effect) -> bool:
        """Whether an effect's target is reached."""
        present = self.present(effect.side)
        return present is not None and (effect.vcpu in present) == effect.present


def maps_json(domain: Domain) -> dict[str, object]:
    """Give both sides' slot maps in the form that operations and entries keep."""
    return {"live": domain.live, "config": domain.config}
