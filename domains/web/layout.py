"""Where slots stand in the grid: on the ground of their core, in a socket, a die and a NUMA cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from domains.vcpu.cores import core_name
from domains.vcpu.topology import Topology
from domains.web.slots import SlotView


@dataclass(frozen=True, slots=True)
class Layout:
    """How slots are laid out, counted in what is drawn: ``row`` to a row, ``per_socket``, ``per_core``."""

    row: int
    per_socket: int
    per_core: int
    topology: Topology | None


@dataclass(frozen=True, slots=True)
class Core:
    """Slots on one ground. ``name`` is empty where its slots cannot be changed one by one.

    ``part`` is the die or the socket that begins with it, in a row of several; ``cell`` likewise the NUMA cell, and
    ``other`` marks every second of those.
    """

    slots: tuple[SlotView, ...]
    name: str
    part: str
    cell: str = ""
    other: bool = False


def core_of(slots: list[SlotView], layout: Layout) -> Core:
    """Put slots on one ground."""
    topology = layout.topology
    whole = topology is not None and topology.threads > 1 and len(slots) == topology.threads
    return Core(
        slots=tuple(slots),
        name=core_name(topology, slots[0].id // topology.threads) if topology and whole else "",
        part=_part(slots[0], layout),
    )


def in_cells(cores: Iterable[Core], cells: Mapping[int, str]) -> Iterator[Core]:
    """Mark where the NUMA cells of a row begin. ``cells`` is vCPU to cell."""
    other = True
    for cell, alike in groupby(cores, lambda core: same(cell_of(slot.ids, cells) for slot in core.slots)):
        other = not other
        for number, core in enumerate(alike):
            yield replace(core, cell="" if number else cell, other=other)


def _part(slot: SlotView, layout: Layout) -> str:
    """Name the socket or die that begins with a slot, where a row holds several with more than one slot each."""
    topology = layout.topology
    if topology is None:
        return ""
    place = topology.place(slot.id)
    if place.cluster or place.core or place.thread or layout.per_socket == 1:
        return ""
    if layout.row > layout.per_socket and topology.sockets > 1 and not place.die:
        return f"socket {place.socket}" + (f", die {place.die}" if topology.dies > 1 else "")
    return f"die {place.die}" if 1 < topology.dies < layout.per_socket else ""


def cell_of(ids: range, cells: Mapping[int, str]) -> str:
    """Give the NUMA cell of a unit; nothing if it has none, or several."""
    return same(cells.get(vcpu, "") for vcpu in ids)


def same(values: Iterable[str]) -> str:
    """Give what all of the values are; nothing if they differ."""
    different = set(values)
    return different.pop() if len(different) == 1 else ""
