"""The rows of the grid, usually a socket each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domains.vcpu import cpulist
from domains.vcpu.reasons import Reason
from domains.vcpu.targets import Target
from domains.web.layout import Core, Layout, cell_of, core_of, in_cells, same
from domains.web.slots import SlotView
from domains.web.work import Work

UNDONE = {
    Target.PRESENT: "added",
    Target.ABSENT: "removed",
    Target.REMOVABLE: "made removable",
    Target.ONLINE: "brought online",
    Target.OFFLINE: "taken offline",
}
# What may be over by the next attempt
_PASSING = frozenset(
    {
        Reason.AGENT_UNAVAILABLE,
        Reason.CHANGED_MEANWHILE,
        Reason.CONFIG_WRITE_FAILED,
        Reason.DOMAIN_BUSY,
        Reason.GUEST_NOT_READY,
        Reason.GUEST_PAUSED,
        Reason.GUEST_REFUSED,
        Reason.HOST_UNREACHABLE,
        Reason.HYPERVISOR_ERROR,
        Reason.INTERRUPTED,
        Reason.RUN_ENDED,
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in one row of the grid, with the operation to read about it."""

    vcpus: str
    sentence: str
    operation: int
    target: Target
    reason: str

    @property
    def step(self) -> str:
        """What to do about it from here: ``make_removable``, ``retry``, or nothing where neither would help."""
        if self.reason == Reason.NOT_REMOVABLE:
            return "make_removable"
        return "retry" if self.reason in _PASSING else ""

    @property
    def deed(self) -> str:
        """What did not happen."""
        return UNDONE[self.target]

    @property
    def many(self) -> bool:
        """Whether it is about more than one slot."""
        return not self.vcpus.isdigit()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the grid: usually a socket. ``numa`` and ``pin`` tell what is the same for all of its slots."""

    key: int
    label: str
    note: str
    cores: tuple[Core, ...]
    numa: str
    pin: str
    failures: tuple[Failure, ...]


def rows_of(
    slots: list[SlotView], layout: Layout, works: Iterable[Work], numa: Mapping[str, str]
) -> tuple[Row, ...]:
    """Cut the slots into rows: whole sockets, or parts of one too large for a page."""
    failed = [work for work in works if work.shown == "failed"]
    several = numa.items() if len(numa) > 1 else ()
    cells = {vcpu: cell for cell, ids in several for vcpu in cpulist.load(ids)}
    parts = [slots[start : start + layout.row] for start in range(0, len(slots), layout.row)]
    return tuple(_row(part, layout, cells, failed) for part in parts)


def _row(part: list[SlotView], layout: Layout, cells: Mapping[int, str], failed: list[Work]) -> Row:
    per_unit = len(part[0].ids)
    what, size = (
        ("Socket", layout.per_socket) if layout.row >= layout.per_socket else ("Core", layout.per_core)
    )
    first, last = part[0].id // (size * per_unit), part[-1].id // (size * per_unit)
    label = f"{what} {first}" if first == last else f"{what}s {first}–{last}"
    present = sum(len(slot.ids) for slot in part if "1" in (slot.live if slot.live else slot.config))
    total = sum(len(slot.ids) for slot in part)
    side = "live" if part[0].live else "config"
    cell, pin = same(cell_of(slot.ids, cells) for slot in part), same(slot.pin for slot in part)
    if pin:
        part = [replace(slot, pin="") for slot in part]
    starts = range(0, len(part), layout.per_core)
    cores = (core_of(part[start : start + layout.per_core], layout) for start in starts)
    return Row(
        key=part[0].id,
        label=label,
        note=f"{present} of {total} {side}",
        cores=tuple(cores if cell else in_cells(cores, cells)),
        numa=f"NUMA cell {cell} · vCPU {part[0].id}–{part[-1].last}" if cell else "",
        pin=pin,
        failures=_failures(part, failed),
    )


def _failures(slots: list[SlotView], failed: list[Work]) -> tuple[Failure, ...]:
    shown = {vcpu: slot.operation for slot in slots if slot.state == "failed" for vcpu in slot.ids}
    by_operation: dict[int, list[Work]] = {}
    for work in failed:
        if shown.get(work.vcpu) == work.operation:
            by_operation.setdefault(work.operation, []).append(work)
    return tuple(
        Failure(
            vcpus=cpulist.dump({work.vcpu for work in works}),
            sentence=works[0].problem,
            operation=operation,
            target=works[0].target,
            reason=works[0].reason,
        )
        for operation, works in by_operation.items()
    )
