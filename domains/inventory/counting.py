"""Counting the fleet: one query for every number that stands beside its list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, QuerySet, Value

from domains.inventory.finding import FleetFilters, named, under_way
from domains.models import Domain, Host


class Cell(NamedTuple):
    """How many domains of one host are alike in state and in whether their sides differ.

    ``hits`` are those that the words searched for stand in. Domains on which an operation waits or is under way are
    counted twice: among the others, and once more in a cell that is ``waiting``.
    """

    host: int
    state: str
    differs: bool
    total: int
    hits: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of a fleet whose hosts are ``hosts``, by their keys."""

    cells: tuple[Cell, ...]
    hosts: Mapping[int, Host]

    @property
    def total(self) -> int:
        """How many domains there are, whatever is searched for."""
        return sum(cell.total for cell in self.cells if not cell.waiting)

    @property
    def shown_hosts(self) -> list[Host]:
        """The hosts that have a domain among them, by their names."""
        known = {cell.host for cell in self.cells}
        return sorted((self.hosts[key] for key in known if key in self.hosts), key=lambda host: host.slug)

    def matching(self, filters: FleetFilters) -> int:
        """How many fit filters that search for the same words."""
        return sum(cell.hits for cell in self._fitting(filters))

    def by_host(self, filters: FleetFilters) -> Counter[int]:
        """Likewise, host by host."""
        numbers: Counter[int] = Counter()
        for cell in self._fitting(filters):
            numbers[cell.host] += cell.hits
        return numbers

    def _fitting(self, filters: FleetFilters) -> Iterable[Cell]:
        keys = {
            key
            for key, host in self.hosts.items()
            if filters.host in ("", host.slug) and not (filters.unreachable and host.reachable)
        }
        return (
            cell
            for cell in self.cells
            if cell.waiting == filters.waiting
            and cell.host in keys
            and filters.state in ("", cell.state)
            and cell.differs >= filters.differs
        )


def count(words: str, seen: QuerySet[Domain], hosts: Mapping[int, Host]) -> Counts:
    """Count the domains among ``seen`` that their hosts still show, in one query."""
    here = seen.filter(gone_at=None).order_by()
    hits = Count("host", filter=named(words)) if words else Count("*")
    every, waiting = (
        rows.values_list("host", "state", "differs").annotate(total=Count("*"), hits=hits, flag=Value(flag))
        for flag, rows in ((False, here), (True, here.filter(under_way())))
    )
    found = {key for key, host in hosts.items() if words.lower() in host.slug.lower()}
    cells = map(Cell._make, every.union(waiting, all=True))
    return Counts(tuple(one._replace(hits=one.total) if one.host in found else one for one in cells), hosts)
