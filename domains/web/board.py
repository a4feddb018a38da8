"""The board of one domain: everything its page shows, gathered with four queries and no call to a hypervisor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domains.models import Domain, Operation
from domains.vcpu import cpulist
from domains.vcpu.hints import Hint, removal_hint, warnings
from domains.vcpu.topology import Topology
from domains.vcpu.view import DomainView
from domains.web import virsh
from domains.web.cards import SocketCard, card_of
from domains.web.layout import Layout
from domains.web.recent import Recent, recent_of
from domains.web.rows import Row, rows_of
from domains.web.shortcuts import Shortcut, shortcuts
from domains.web.slots import SlotView, slot_count, slot_views, states_of
from domains.web.story import Wiring
from domains.web.strokes import strokes_of
from domains.web.syncing import SyncChoice, sync_choices
from domains.web.works import works_of

LARGE = 64  # up to this many slots are drawn large
WHOLE = 512  # up to this many are drawn on one page; above, one socket at a time


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
    opened: int | None
    recent: Sequence[Recent]
    shortcuts: tuple[Shortcut, ...]

    @property
    def usable(self) -> bool:
        """Whether a change could reach the domain at all."""
        return self.view.reachable and self.domain.gone_at is None

    @property
    def slots(self) -> list[SlotView]:
        """The slots drawn, in order."""
        return [slot for row in self.rows for core in row.cores for slot in core.slots]

    @property
    def units(self) -> bool:
        """Whether what is drawn are units of several slots."""
        return self.view.unit_size > 1

    @property
    def digits(self) -> int:
        """How many digits the highest ID has: numbers that are long want wider slots."""
        return len(str(max(slot_count(self.view) - 1, 0)))

    @property
    def lenses(self) -> list[tuple[str, str]]:
        """What the grid can show besides its states, by name and in words; the first one unless another is chosen."""
        found = [("usage", "Usage")]
        found += [("numa", "NUMA cells")] if len(self.domain.numa) > 1 else []
        found += [("pin", "Pinning")] if self.domain.pinning else []
        return [*found, ("none", "Numbers only")]

    @property
    def per_card(self) -> int:
        """How many slots the card of a socket stands for."""
        return -(-slot_count(self.view) // len(self.cards)) if self.cards else 0

    @property
    def opened_name(self) -> str:
        """What the opened socket holds."""
        first = (self.opened or 0) * self.per_card
        return f"vCPU {first}–{min(first + self.per_card, slot_count(self.view)) - 1}"

    @property
    def neighbours(self) -> list[int]:
        """The sockets beside the opened one."""
        here = self.opened or 0
        return [number for number in (here - 1, here + 1) if 0 <= number < len(self.cards)]

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
    def syncs(self) -> tuple[SyncChoice, ...]:
        """What would make both sides alike; for those who may change the domain."""
        return sync_choices(self.view) if self.editable and self.domain.gone_at is None else ()

    @property
    def fixed(self) -> str:
        """Slots that are fixed in the configuration, as a cpulist: they can only be made removable from the top."""
        return cpulist.dump(self.view.config.fixed) if self.view.config else ""

    @property
    def delay(self) -> Hint | None:
        """What will delay a removal from the running guest."""
        return removal_hint(self.view)

    @property
    def warnings(self) -> list[Hint]:
        """What is odd about the whole domain."""
        return warnings(self.view, cpus=self.domain.host.cpus, unmarked=cpulist.load(self.domain.unmarked))

    @property
    def repair(self) -> list[str]:
        """The commands that mend slots of which libvirt does not say whether they can be unplugged."""
        return virsh.redefine(self.domain.name, self.domain.uuid) if self.domain.unmarked else []

    @property
    def newest(self) -> Operation | None:
        """The operation that changed last."""
        operations = (one for one in self.recent if isinstance(one, Operation))
        return max(operations, key=lambda operation: operation.revision, default=None)


def board_of(domain: Domain, *, editable: bool, opened: int | None = None, whole: bool = False) -> Board:
    """Gather a domain's board; ``host`` is loaded.

    Of a guest with more slots than fit on a page only the socket ``opened`` is laid out, or all with ``whole``.
    """
    view = domain.view()
    count = slot_count(view)
    topology = _topology(domain, count)
    works = works_of(domain)
    drawn = -(-count // view.unit_size)
    large, line = _line(drawn, units=view.unit_size > 1)
    layout = _layout(topology, drawn, view.unit_size, line)
    cards: tuple[SocketCard, ...] = ()
    part = None
    if drawn > WHOLE:
        size = layout.per_socket * view.unit_size
        sockets = [range(start, min(start + size, count)) for start in range(0, count, size)]
        states = states_of(works)
        strokes = strokes_of(view.live, view.config, states, count)
        cards = tuple(card_of(view, ids, number, strokes, states) for number, ids in enumerate(sockets))
        opened = None if opened is None else min(max(opened, 0), len(sockets) - 1)
        if not whole:
            part = range(0) if opened is None else sockets[opened]
    slots = slot_views(view, Wiring(topology, domain.numa, domain.pinning), works, part)
    return Board(
        domain=domain,
        view=view,
        editable=editable,
        size="large" if large else "medium",
        columns=max(line // layout.per_core, 1),
        threads=min(layout.per_core, line),
        rows=rows_of(slots, layout, works, domain.numa),
        cards=cards,
        opened=opened,
        recent=recent_of(domain),
        shortcuts=shortcuts(view, topology),
    )


def _topology(domain: Domain, count: int) -> Topology | None:
    """Give the topology where it accounts for every slot; libvirt lets it be absent."""
    if not domain.topology:
        return None
    topology = domain.places
    return topology if topology.total >= count else None


def _line(drawn: int, *, units: bool) -> tuple[bool, int]:
    """Say whether slots are drawn large, and how many stand in a line. A unit's name needs twice the room."""
    large = drawn <= LARGE
    line = 16 if large else 32
    return large, line // 2 if units else line


def _layout(topology: Topology | None, drawn: int, unit_size: int, line: int) -> Layout:
    per_core = max(topology.threads // unit_size, 1) if topology else 1
    per_socket = max(topology.per_socket // unit_size, 1) if topology else max(drawn, 1)
    row = line if drawn > WHOLE else max(per_socket, line // per_socket * per_socket)
    return Layout(row, per_socket, per_core, topology)
