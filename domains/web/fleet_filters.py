"""What to show of the fleet, as it stands in an address: read, refused with a sentence, and written again."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from domains.inventory.finding import SORTS, FleetFilters
from domains.models.domain import STATES
from domains.web.numbers import read_number
from domains.web.query import Malformed, last, one_of, text_problem

# In the order in which addresses name them
NAMES = ("q", "host", "state", "differs", "waiting", "unreachable", "sort")
_SWITCHES = ("differs", "waiting", "unreachable")


@dataclass(frozen=True, slots=True)
class FleetAsked:
    """The filters of an address as they were written, what is empty left out, and the page of the list."""

    values: dict[str, str]
    page: int = 1

    def query(self, **changed: str) -> str:
        """Write them as a query string, with some changed; those that are empty then are left out."""
        values = self.values | changed
        return urlencode({name: values[name] for name in (*NAMES, "page") if values.get(name)})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the search form has no field for, by name."""
        return [(name, self.values[name]) for name in ("state", *_SWITCHES) if name in self.values]

    @property
    def narrowing(self) -> bool:
        """Whether anything is left out."""
        return any(name != "sort" for name in self.values)


def asked_of(query: QueryDict) -> FleetAsked:
    """Clean up a query. A filter that is given more than once counts as it was given last."""
    values = {name: value for name in NAMES if (value := last(query, name))}
    return FleetAsked(values, read_number(last(query, "page")) or 1)


def fleet_filters_of(query: QueryDict) -> FleetFilters:
    """Read the filters ``q host state differs waiting unreachable sort``; a switch is on as ``1``.

    Raises :class:`Malformed`, also for a ``page`` that is none.
    """
    values = asked_of(query).values
    problems = {name: problem for name, value in values.items() if (problem := _problem(name, value))}
    page = last(query, "page")
    if page and not read_number(page):
        problems["page"] = f"“{page[:80]}” is no page of a list; write its number, such as 2."
    if problems:
        raise Malformed(problems)
    return FleetFilters(
        q=values.get("q", ""),
        host=values.get("host", ""),
        state=values.get("state", ""),
        differs="differs" in values,
        waiting="waiting" in values,
        unreachable="unreachable" in values,
        sort=values.get("sort", ""),
    )


def _problem(name: str, value: str) -> str:
    if problem := text_problem(name, value):
        return problem
    if name == "state":
        return one_of(f"No guest is ever “{value}”", value, STATES)
    if name == "sort":
        return one_of(f"There is no order “{value}”", value, SORTS)
    if name in _SWITCHES and value != "1":
        return f"“{name}” is either 1 or left out, not “{value}”."
    return ""
