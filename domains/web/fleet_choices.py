"""What can be chosen on the fleet page, each with how many guests it would leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domains.inventory.counting import Counts
from domains.inventory.finding import FleetFilters
from domains.models.domain import STATES
from domains.web.fleet_filters import FleetAsked
from domains.web.tags import CHIPS

_SWITCHES = (
    ("differs", "equal-not", "Live and config differ"),
    ("waiting", "hourglass", "Waiting or under way"),
    ("unreachable", "plug-connected-x", "Host away"),
)
ORDERS = (
    ("", "host"),
    ("name", "name"),
    ("state", "state"),
    ("-live", "most vCPUs live"),
    ("live", "fewest vCPUs live"),
    ("-config", "most vCPUs in config"),
    ("config", "fewest vCPUs in config"),
    ("-changed", "last change, newest first"),
    ("changed", "last change, oldest first"),
    ("-host", "host, backwards"),
    ("-name", "name, backwards"),
    ("-state", "state, backwards"),
)
COLUMNS = (  # what is sorted by, how it begins, the word, the classes
    ("name", "", "Guest", ""),
    ("host", "", "Host", "at"),
    ("state", "", "State", ""),
    ("", "", "Slots", ""),
    ("live", "-", "Live / max", "num"),
    ("config", "-", "Config", "num pc"),
    ("", "", "Worth a look", ""),
    ("changed", "-", "Last change", ""),
)


@dataclass(frozen=True, slots=True)
class Pick:
    """A quick filter: a link that turns it on or off, and how many guests fit with it on."""

    words: str
    icon: str
    number: int
    query: str
    current: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head. ``query`` sorts by it, empty where nothing does; ``order`` is how it is sorted now."""

    words: str
    classes: str
    query: str
    order: str


@dataclass(frozen=True, slots=True)
class HostChoice:
    """A host and how many guests fit on it."""

    slug: str
    number: int
    chosen: bool


def picks_of(asked: FleetAsked, filters: FleetFilters, counts: Counts) -> list[Pick]:
    """Give the quick filters that would leave something, or are on."""
    return [pick for pick in _picks(asked, filters, counts) if pick.number or pick.current]


def _picks(asked: FleetAsked, filters: FleetFilters, counts: Counts) -> Iterator[Pick]:
    for state in STATES:
        on = filters.state == state
        number = counts.matching(replace(filters, state=state))
        yield Pick(state, CHIPS[state][0], number, asked.query(state="" if on else state), on)
    switched = {
        "differs": replace(filters, differs=True),
        "waiting": replace(filters, waiting=True),
        "unreachable": replace(filters, unreachable=True),
    }
    for name, icon, words in _SWITCHES:
        on, number = filters == switched[name], counts.matching(switched[name])
        yield Pick(words, icon, number, asked.query(**{name: "" if on else "1"}), on)


def hosts_of(filters: FleetFilters, counts: Counts) -> list[HostChoice]:
    """Give the hosts to choose from, and the chosen one, which may have no guest any more."""
    numbers = counts.by_host(replace(filters, host=""))
    shown = [
        HostChoice(host.slug, numbers[host.pk], host.slug == filters.host) for host in counts.shown_hosts
    ]
    if filters.host and not any(one.chosen for one in shown):
        shown.append(HostChoice(filters.host, 0, chosen=True))
    return shown


def columns_of(asked: FleetAsked, filters: FleetFilters) -> list[Column]:
    """Give the columns' heads: a link sorts by its column, and turns the order round where that is so already."""
    sort = filters.sort or "host"
    columns = []
    for name, sign, words, classes in COLUMNS:
        current = bool(name) and sort.removeprefix("-") == name
        turned = ("" if sort.startswith("-") else "-") + name if current else sign + name
        order = ("descending" if sort.startswith("-") else "ascending") if current else ""
        columns.append(Column(words, classes, asked.query(sort=turned) if name else "", order))
    return columns


def pages_of(page: int, last: int) -> list[int | None]:
    """Number the pages around one, and the first and the last; None where some are left out."""
    near = sorted({1, last, *range(max(page - 2, 1), min(page + 2, last) + 1)})
    pages: list[int | None] = []
    for number in near:
        if pages and pages[-1] is not None and number - pages[-1] > 1:
            pages.append(None)
        pages.append(number)
    return pages
