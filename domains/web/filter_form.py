"""The form above the history: what can be chosen, what is chosen, and how to be rid of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest

from domains.history.search import Filters
from domains.models.grant import AUDITING, roles_of
from domains.operations.sight import Sight
from domains.web.filter_choices import CHOICES, LABELS, PERIODS, SHOWN, TITLES, Choice, words_of
from domains.web.filters import Asked
from domains.web.times import relative
from domains.web.zone import zone_of

MOST = 500  # hosts and people that are offered; any other can be typed into the address
_RARE = ("reason", "door", "slot")
_ENDED = "yesterday"  # the period that is over


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in words, and the query without it. A time has a ``moment`` in place of words."""

    name: str
    label: str
    words: str
    moment: datetime | None
    without: str


@dataclass(frozen=True, slots=True)
class Link:
    """One of several choices as a link."""

    words: str
    query: str
    current: bool


def form_of(request: HttpRequest, asked: Asked, filters: Filters | None, sight: Sight) -> dict[str, Any]:
    """Give what the form and the chips are drawn from. At most three queries.

    ``filters`` is None where the address makes no sense: the form then shows what can be shown of it.
    """
    zone, values = zone_of(request), asked.values
    since, until = values.get("since", ""), values.get("until", "")
    return {
        "zone": zone,
        "values": values,
        "choices": CHOICES | {"host": _hosts(sight, values.get("host", ""))},
        "people": _people(sight),
        "chips": [_chip(asked, name, filters) for name in asked.names],
        "rare": sum(name in values for name in _RARE)
        + sum(bool(time) and not relative(time) for time in (since, until)),
        "period": since if relative(since) else "",
        "period_end": until if relative(until) else "",
        "from": _local(filters.since if filters and not relative(since) else None, zone),
        "until": _local(filters.until if filters and not relative(until) else None, zone),
        "title": TITLES.get(values.get("show", ""), "Operations"),
        "shown": [
            Link(one.words, asked.query(show=one.value), values.get("show", "") == one.value) for one in SHOWN
        ],
        "periods": [_period(asked, one, zone) for one in PERIODS],
        "auditing": sight.history,
        "exporting": sight.history or not roles_of(request.user).isdisjoint(AUDITING),
    }


def _hosts(sight: Sight, chosen: str) -> tuple[Choice, ...]:
    """Offer the hosts that the person may know of, and the chosen one, which may be gone by now."""
    names = {*sight.hosts(most=MOST), chosen} - {""}
    return tuple(Choice(name, name) for name in sorted(names))


def _people(sight: Sight) -> list[str]:
    """Offer the names of people to those who see what all of them do."""
    if not sight.history:
        return [sight.name]
    name = get_user_model().USERNAME_FIELD
    return list(get_user_model().objects.order_by(name).values_list(name, flat=True)[:MOST])


def _chip(asked: Asked, name: str, filters: Filters | None) -> Chip:
    value = asked.values[name]
    moment = None
    if filters and name in ("since", "until") and not relative(value):
        moment = filters.since if name == "since" else filters.until
    return Chip(name, LABELS[name], words_of(name, value), moment, asked.query(**{name: ""}))


def _period(asked: Asked, period: Choice, zone: tzinfo) -> Link:
    until = period.value if period.value == _ENDED else ""
    current = (asked.values.get("since", ""), asked.values.get("until", "")) == (period.value, until)
    return Link(period.words, asked.query(since=period.value, until=until, zone=str(zone)), current)


def _local(moment: datetime | None, zone: tzinfo) -> str:
    """Write a time as a field for date and time takes it, in the viewer's zone; no finer than it has to be."""
    if moment is None:
        return ""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return local.isoformat(timespec="minutes" if not (local.second or local.microsecond) else "milliseconds")
