"""The board of one domain: everything its page shows, gathered with three queries and no call to a hypervisor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from domains.models import Domain, Operation
from domains.vcpu import cpulist
from domains.vcpu.targets import Target
from domains.vcpu.topology import Topology
from domains.vcpu.view import DomainView
from domains.web import maps
from domains.web.shortcuts import Shortcut, shortcuts
from domains.web.slots import SlotView, Wiring, Work, slot_count, slot_views
from domains.web.works import works_of

OPERATIONS = 8
LARGE = 64  # up to this many slots are drawn large
WHOLE = 512  # up to this many are drawn on one page; above, one socket at a time


UNDONE = {
    Target.PRESENT: "added",
    Target.ABSENT: "removed",
    Target.REMOVABLE: "made removable",
    Target.ONLINE: "brought online",
    Target.OFFLINE: "taken offline",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in one row of the grid, with the operation to read about it."""

    vcpus: str
    sentence: str
    operation: int
    target: Target

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
    """One row of the grid: usually a socket. ``cores`` are groups of slots on one ground."""

    key: int
    label: str
    note: str
    cores: tuple[tuple[SlotView, ...], ...]
    numa: str
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class SocketCard:
    """One socket of a guest whose slots do not fit on one page."""

    number: int
    live: str
    map: SafeString


@dataclass(frozen=True, slots=True)
class Board:
    """All that the page and its pushed fragments are drawn from."""

    domain: Domain
    view: DomainView
    editable: bool
    size: str
    columns: int
    threads: int
    rows: tuple[Row, ...]
    cards: tuple[SocketCard, ...]
    opened: int
    operations: Sequence[Operation]
    shortcuts: tuple[Shortcut, ...]

    @property
    def usable(self) -> bool:
        """Whether a change could reach the domain at all."""
        return self.view.reachable and self.domain.gone_at is None

    @property
    def slots(self) -> list[SlotView]:
        """The slots drawn, in order."""
        return [slot for row in self.rows for core in row.cores for slot in core]

    @property
    def only_live(self) -> str:
        """Slots that are present in live only, as a cpulist."""
        live, config = self.view.live, self.view.config
        return cpulist.dump(live.present - config.present) if live and config else ""

    @property
    def only_config(self) -> str:
        """Slots that are present in the configuration only, while the guest runs."""
        live, config = self.view.live, self.view.config
        return cpulist.dump(config.present - live.present) if live and config else ""

    @property
    def newest(self) -> Operation | None:
        """The operation that changed last."""
        return max(self.operations, key=lambda operation: operation.revision, default=None)


def board_of(domain: Domain, *, editable: bool, opened: int | None = 0) -> Board:
    """Gather a domain's board; ``host`` is loaded.

    Of a guest with more slots than fit on a page only the socket ``opened`` is laid out, or all for None.
    """
    view = domain.view()
    wiring = Wiring(_topology(domain, slot_count(view)), domain.numa, domain.pinning)
    works = works_of(domain)
    slots = slot_views(view, wiring, works)
    threads = wiring.topology.threads if wiring.topology else 1
    per_socket = wiring.topology.per_socket if wiring.topology else max(len(slots), 1)
    cards: tuple[SocketCard, ...] = ()
    large = len(slots) <= LARGE
    line = 16 if large else 32
    row = max(per_socket, line // per_socket * per_socket)
    if len(slots) > WHOLE:
        row = line
        last = (len(slots) - 1) // per_socket
        opened = None if opened is None else min(max(opened, 0), last)
        cards = tuple(_card(view, slots, number, per_socket) for number in range(last + 1))
        if opened is not None:
            slots = slots[opened * per_socket : (opened + 1) * per_socket]
    return Board(
        domain=domain,
        view=view,
        editable=editable,
        size="large" if large else "medium",
        columns=max(line // threads, 1),
        threads=min(threads, line),
        rows=_rows(slots, row, per_socket, threads, works, _cells(domain)),
        cards=cards,
        opened=opened or 0,
        operations=list(Operation.objects.filter(domain=domain).prefetch_related("effects")[:OPERATIONS]),
        shortcuts=shortcuts(view),
    )


def _topology(domain: Domain, count: int) -> Topology | None:
    """Give the topology where it accounts for every slot; libvirt lets it be absent."""
    if not domain.topology:
        return None
    topology = domain.places
    return topology if topology.total >= count else None


def _rows(
    slots: list[SlotView],
    size: int,
    per_socket: int,
    threads: int,
    works: Iterable[Work],
    cells: dict[str, frozenset[int]],
) -> tuple[Row, ...]:
    """Cut the slots into rows of ``size``: whole sockets, or parts of one too large for a page."""
    failed = [work for work in works if work.shown == "failed"]
    rows = []
    for start in range(0, len(slots), size):
        part = slots[start : start + size]
        what, unit = ("Socket", per_socket) if size >= per_socket else ("Core", threads)
        first, last = part[0].id // unit, part[-1].id // unit
        label = f"{what} {first}" if first == last else f"{what}s {first}–{last}"
        present = sum("1" in (slot.live if slot.live else slot.config) for slot in part)
        side = "live" if part[0].live else "config"
        cores = tuple(tuple(part[i : i + threads]) for i in range(0, len(part), threads))
        note = f"{present} of {len(part)} {side}"
        rows.append(Row(part[0].id, label, note, cores, _cell_of(part, cells), _failures(part, failed)))
    return tuple(rows)


def _cells(domain: Domain) -> dict[str, frozenset[int]]:
    """Give the NUMA cells, if there is more than one to tell apart."""
    cells = {cell: cpulist.load(ids) for cell, ids in domain.numa.items()}
    return cells if len(cells) > 1 else {}


def _cell_of(part: list[SlotView], cells: dict[str, frozenset[int]]) -> str:
    ids = {slot.id for slot in part}
    cell = next((cell for cell, members in cells.items() if ids <= members), None)
    return f"NUMA cell {cell} · vCPU {cpulist.dump(ids)}" if cell is not None else ""


def _failures(slots: list[SlotView], failed: list[Work]) -> tuple[Failure, ...]:
    shown = {slot.id: slot.operation for slot in slots if slot.state == "failed"}
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
        )
        for operation, works in by_operation.items()
    )


def _card(view: DomainView, slots: list[SlotView], number: int, per_socket: int) -> SocketCard:
    part = slots[number * per_socket : (number + 1) * per_socket]
    ids = range(part[0].id, part[-1].id + 1)
    working = {slot.id: slot.state for slot in part if slot.state}
    scale = maps.Scale(3, 1, 4, 1, 32)
    side = view.live or view.config
    present = sum(vcpu in side.present for vcpu in ids) if side else 0
    return SocketCard(
        number=number,
        live=f"{present} of {len(part)}",
        map=maps.draw(view.live, view.config, working=working, scale=scale, ids=ids),
    )
