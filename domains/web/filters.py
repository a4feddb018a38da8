"""What to show of the history, as it stands in an address: read, refused with a sentence, and written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import urlencode

from django.http import QueryDict

from domains.history.search import Filters, Show
from domains.web import filter_choices
from domains.web.numbers import read_number
from domains.web.query import Malformed, last, one_of, text_problem
from domains.web.times import read_moment, read_zone, zoneless

# In the order in which addresses and pages name them
NAMES = (
    "show", "q", "since", "until", "host", "domain", "actor", "action", "status", "reason", "door", "slot",
    "batch",
)  # fmt: skip
_TIMES = ("since", "until")
_TEXTS = {"q": "text", "host": "host", "domain": "domain", "actor": "actor"}
_WORDS = ("action", "status", "reason", "door")
_A_TIME = (
    "is no time; write 2026-11-25, 2026-11-25T14:30, 2026-11-25T14:30:00Z, today, yesterday, or 24h or 7d for "
    "so long ago"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of an address as they were written: what is empty left out, and in one order.

    ``zone`` is kept where a time depends on it, so that the address means the same to everybody.
    """

    values: dict[str, str]

    def query(self, **changed: str) -> str:
        """Write them as a query string, with some changed; those that are empty then are left out."""
        return urlencode(_tidy(self.values | changed))

    @property
    def names(self) -> list[str]:
        """The filters that narrow what is shown."""
        return [name for name in self.values if name not in ("show", "zone")]


def asked_of(query: QueryDict) -> Asked:
    """Clean up a query. A filter that is given more than once counts as it was given last."""
    return Asked(_tidy({name: last(query, name) for name in (*NAMES, "zone")}))


def filters_of(query: QueryDict, *, now: datetime | None = None) -> Filters:
    """Read the filters: ``since until host domain actor action status reason door slot batch q show``.

    A time without a zone is meant in the one that the parameter ``zone`` names, else in UTC; ``now`` is when
    today is. Raises :class:`Malformed`.
    """
    asked = asked_of(query).values
    problems = {name: problem for name, value in asked.items() if (problem := _problem(name, value))}
    zone = read_zone(asked.get("zone", "UTC"))
    if zone is None:
        problems["zone"] = f"“{asked['zone']}” is no time zone that is known here; leave it out for UTC."
    now = now or datetime.now(UTC)
    times = {
        name: read_moment(asked[name], zone or UTC, now=now, end=name == "until")
        for name in _TIMES
        if name in asked
    }
    for name in (name for name, moment in times.items() if moment is None):
        problems.setdefault(name, f"“{asked[name]}” {_A_TIME}.")
    slot, batch = (read_number(asked.get(name, "")) for name in ("slot", "batch"))
    if problems:
        raise Malformed(problems)
    show: Show = asked.get("show", "operations")  # type: ignore[assignment]  # checked above
    texts = {field: asked.get(name, "") for name, field in _TEXTS.items()}
    words = {name: asked.get(name, "") for name in _WORDS}
    return Filters(
        since=times.get("since"),
        until=times.get("until"),
        slot=slot,
        batch=batch,
        show=show,
        **texts,
        **words,
    )


def query_of(filters: Filters) -> str:
    """Write filters as the query string that :func:`filters_of` reads them from."""
    names = {"text": "q"}
    values = {names.get(field, field): getattr(filters, field) for field in Filters.__dataclass_fields__}
    written = {name: _written(values[name]) for name in NAMES if values[name] not in (None, "", "operations")}
    return urlencode(written)


def _tidy(values: Mapping[str, str]) -> dict[str, str]:
    """Put values in order, and leave out what says nothing."""
    tidy = {name: values[name] for name in dict.fromkeys((*NAMES, "zone", *values)) if values.get(name)}
    if tidy.get("show") == "operations":
        del tidy["show"]
    if tidy.get("zone") == "UTC" or not any(zoneless(tidy.get(name, "")) for name in _TIMES):
        tidy.pop("zone", None)
    return tidy


def _written(value: object) -> str:
    return (
        value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, datetime)
        else str(value)
    )


def _problem(name: str, value: str) -> str:
    if problem := text_problem(name, value):
        return problem
    if name in _WORDS:
        return one_of(f"There is no {filter_choices.LABELS[name].lower()} “{value}”", value, _codes(name))
    if name == "show":
        return one_of(f"There is nothing to show as “{value}”", value, get_args(Show))
    if name == "slot" and read_number(value) is None:
        return f"“{value}” is no slot; write its number, such as 5."
    if name == "batch" and read_number(value) is None:
        return f"“{value}” is no batch; write its number, such as 5."
    return ""


def _codes(name: str) -> list[str]:
    return [choice.value for choice in filter_choices.CHOICES[name]]
