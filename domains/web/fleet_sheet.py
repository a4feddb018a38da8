"""One page of the fleet's list: which guests are on it, and what it is counted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from domains.inventory.counting import Counts
from domains.inventory.finding import FleetFilters, find
from domains.models import Domain
from domains.models.grant import Rights
from domains.web.fleet_filters import FleetAsked

PAGE = 25


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of the list, and what it is counted by."""

    asked: FleetAsked
    filters: FleetFilters
    rights: Rights
    counts: Counts

    @property
    def matching(self) -> int:
        """How many guests the whole list has."""
        return self.counts.matching(self.filters)

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(-(-self.matching // PAGE), 1)

    @property
    def page(self) -> int:
        """The page that is shown: the last one where the list has become too short for what was asked."""
        return min(self.asked.page, self.last)

    @property
    def whole(self) -> bool:
        """Whether this is all that there is."""
        return self.last == 1 and not self.asked.narrowing

    @property
    def keys(self) -> Any:  # noqa: ANN401  # a query set of values, which has no public type
        """The keys of the page's guests, as a query."""
        # The counts have been through all names: now only the hosts are looked at on which something fits.
        hosts = [key for key, number in self.counts.by_host(self.filters).items() if number]
        seen = self.rights.seen.filter(host__in=hosts) if self.filters.q else self.rights.seen
        found = find(self.filters, seen).values_list("pk", flat=True)
        return found[(self.page - 1) * PAGE : self.page * PAGE]

    def domains(self) -> Sequence[Domain]:
        """Read the page's guests. The keys are found first: an index has them, and skips all pages before."""
        shown = find(FleetFilters(sort=self.filters.sort), Domain.objects.filter(pk__in=self.keys))
        shown = shown.annotate(changeable=self.rights.changeable).select_related("last_operation")
        idle = ("topology", "numa", "pinning", "guest", "last_operation__before", "last_operation__after")
        domains = list(shown.defer(*idle))
        for domain in domains:
            domain.host = self.counts.hosts[domain.host_id]
        return domains


def digest_of(keys: list[int]) -> str:
    """Give a sign by which two pages of the same guests in the same order are known."""
    return f"{crc32(repr(keys).encode()):08x}"
