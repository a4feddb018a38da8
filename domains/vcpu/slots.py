"""A domain's vCPU slots on one side, as one immutable value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from domains.vcpu import cpulist


class Side(StrEnum):
    """Where a slot's state is held: the running guest, its configuration, or the guest's own kernel."""

    LIVE = "live"
    CONFIG = "config"
    GUEST = "guest"


class SlotMapJson(TypedDict):
    """The stored and published form: ``{"max": 32, "present": "0-3,5", "removable": "5"}``."""

    max: int
    present: str
    removable: str


@dataclass(frozen=True, slots=True)
class SlotMap:
    """Which of the vCPU IDs ``0 .. maximum - 1`` are present, and which of those can be removed live."""

    maximum: int
    present: frozenset[int]
    removable: frozenset[int]

    @property
    def absent(self) -> frozenset[int]:
        """The IDs of the slots that hold no vCPU."""
        return frozenset(range(self.maximum)) - self.present

    @property
    def fixed(self) -> frozenset[int]:
        """The IDs of the vCPUs that are present and cannot be removed."""
        return self.present - self.removable

    def to_json(self) -> SlotMapJson:
        """Give the form in which the database, the API and the history hold a slot map."""
        return {
            "max": self.maximum,
            "present": cpulist.dump(self.present),
            "removable": cpulist.dump(self.removable),
        }

    @classmethod
    def from_json(cls, value: SlotMapJson) -> SlotMap:
        """Read what :meth:`to_json` gave. Raises ``ValueError`` for a malformed cpulist."""
        return cls(value["max"], cpulist.load(value["present"]), cpulist.load(value["removable"]))
