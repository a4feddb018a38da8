"""The guest kernel's own view of its CPUs, and which of its numbers is which slot.

A guest numbers its CPUs itself: those it booted with by their place, one that is plugged later as it likes. Which
slot a number belongs to is only known where it can be concluded; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from domains.vcpu import cpulist


class GuestJson(TypedDict):
    """The stored form; ``slots`` maps a slot's ID, as text, to the guest's number."""

    vcpus: str
    online: str
    offlinable: str
    slots: dict[str, int]


@dataclass(frozen=True, slots=True)
class GuestView:
    """The guest's CPU numbers: all it has, those online, those it could take offline; ``slots`` is slot -> number."""

    vcpus: frozenset[int]
    online: frozenset[int]
    offlinable: frozenset[int]
    slots: Mapping[int, int] = field(default_factory=dict, hash=False)

    def online_of(self, vcpu: int) -> bool | None:
        """Whether the guest uses the vCPU of a slot; None where it is not known which of its CPUs that is."""
        number = self.slots.get(vcpu)
        return None if number is None else number in self.online

    def to_json(self) -> GuestJson:
        """Give the stored form."""
        return {
            "vcpus": cpulist.dump(self.vcpus),
            "online": cpulist.dump(self.online),
            "offlinable": cpulist.dump(self.offlinable),
            "slots": {str(slot): number for slot, number in sorted(self.slots.items())},
        }

    @classmethod
    def from_json(cls, value: GuestJson) -> GuestView:
        """Read what :meth:`to_json` gave. Raises ``ValueError`` for a malformed cpulist."""
        return cls(
            cpulist.load(value["vcpus"]),
            cpulist.load(value["online"]),
            cpulist.load(value["offlinable"]),
            {int(slot): number for slot, number in value["slots"].items()},
        )


def match_slots(
    numbers: frozenset[int],
    *,
    present: frozenset[int],
    fixed: frozenset[int],
    booted: frozenset[int] | None,
    known: Mapping[int, int],
) -> dict[int, int]:
    """Conclude which of the guest's CPU ``numbers`` belongs to which of the ``present`` slots.

    ``known`` is what was concluded earlier in the same run. Before anything is known the slots that the guest
    booted with are matched, see :func:`_ranked`. A single slot and a single number that are left over belong
    together.
    """
    found = {slot: number for slot, number in known.items() if slot in present and number in numbers}
    if not known:
        found = _ranked(numbers, present=present, fixed=fixed, booted=booted)
    slots, left = present - found.keys(), numbers - set(found.values())
    if len(slots) == len(left) == 1:
        found[next(iter(slots))] = next(iter(left))
    return found


def _ranked(
    numbers: frozenset[int], *, present: frozenset[int], fixed: frozenset[int], booted: frozenset[int] | None
) -> dict[int, int]:
    """Number the slots of the boot by their order, as guests do.

    That is all slots where the start was seen (``booted``) and nothing has changed since; else the ``fixed``
    ones, which were there at boot, unless another slot may have been among them then.
    """
    if booted == present and len(numbers) == len(present):
        slots = sorted(present)
    else:
        slots = sorted(fixed) if fixed == frozenset(range(len(fixed))) else []
    return (
        {slot: number for number, slot in enumerate(slots)} if numbers.issuperset(range(len(slots))) else {}
    )
