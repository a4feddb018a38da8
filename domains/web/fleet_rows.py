"""The rows of the fleet page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from domains.models import OPEN, Domain, Effect, EffectState, Host
from domains.vcpu.slots import SlotMap
from domains.web import lines, maps
from domains.web.lines import Line
from domains.web.readings import is_late
from domains.web.works import work_of

MOVED_EVERY = 2.0  # seconds
_AT_WORK = (*OPEN, EffectState.UNCONFIRMED)
_SIGNS = (
    ("queued", "act", "clock"),
    ("adding", "act", "loader-2"),
    ("removing", "act", "loader-2"),
    ("waiting", "wait", "hourglass"),
    ("unconfirmed", "wait", "help-circle"),
)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about a guest that somebody should look at."""

    kind: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One guest in the list. ``live`` and ``config`` count present slots, None where there is no such side."""

    domain: Domain
    changeable: bool
    live: int | None
    config: int | None
    total: int
    map: SafeString
    flags: tuple[Flag, ...]
    last: Line | None


def fleet_rows(domains: Sequence[Domain], changeable: Container[int] = ()) -> list[FleetRow]:
    """Describe guests, with ``host`` and ``last_operation`` loaded, with one query however many they are.

    Those whose keys are ``changeable`` can be chosen by people who may change them.
    """
    working: dict[int, dict[int, str]] = defaultdict(dict)
    newest: dict[int, list[Effect]] = defaultdict(list)
    at_work = Q(domain__in=[one.pk for one in domains], state__in=_AT_WORK)
    of_last = Q(operation__in=[one.last_operation_id for one in domains if one.last_operation_id])
    effects = Effect.objects.filter(at_work | of_last).select_related("operation")
    # A row shows no slot map of an operation, and of a large guest those are large.
    effects = effects.defer("operation__before", "operation__after")
    for effect in effects.order_by("operation_id", "step", "vcpu"):
        newest[effect.operation_id].append(effect)
        if effect.state in _AT_WORK:
            working[effect.domain_id or 0][effect.vcpu] = work_of(effect).shown
    return [
        _row(one, one.pk in changeable, working[one.pk], newest[one.last_operation_id or 0])
        for one in domains
    ]


def row_html(domain: Domain, *, changeable: bool) -> SafeString:
    """Draw one guest's row, with a box to choose it by for those who may change it."""
    (row,) = fleet_rows([domain], [domain.pk] if changeable else ())
    return _template("_fleet_row.html", {"row": row})


def states_html(host: Host, keys: Collection[int]) -> Iterator[tuple[int, SafeString]]:
    """Draw the part of its guests' rows that follows from the host: the last known state, and whether it is old.

    It is the same for all who may see a guest. One query for those of the ``keys`` that are its guests.
    """
    for domain in Domain.objects.filter(host=host, pk__in=keys).only("state", "gone_at", "host"):
        domain.host = host
        yield domain.pk, _template("_fleet_state.html", {"domain": domain})


def head_html(host: Host) -> SafeString:
    """Draw the line above a host's guests."""
    return _template("_fleet_head.html", {"host": host, "late": is_late(host)})


def moved_html(now: float) -> str:
    """Draw the sign that something in the fleet has changed, for pages to look at their numbers again.

    It looks the same for a while, so however much changes, a page is told of it once in that time.
    """
    return f'<i id="fleet-moved" data-at="{int(now // MOVED_EVERY)}" hidden></i>'


def _row(domain: Domain, changeable: bool, working: dict[int, str], effects: Sequence[Effect]) -> FleetRow:
    live, config = domain.live_map, domain.config_map
    last = domain.last_operation
    return FleetRow(
        domain=domain,
        changeable=changeable and domain.gone_at is None,
        live=len(live.present) if live else None,
        config=len(config.present) if config else None,
        total=max((slots.maximum for slots in (live, config) if slots), default=0),
        map=maps.draw(live, config, working=working),
        flags=tuple(_flags(live, config, Counter(working.values()))),
        last=lines.of_operation(last, effects=effects) if last else None,
    )


def _flags(live: SlotMap | None, config: SlotMap | None, counted: Counter[str]) -> Iterator[Flag]:
    if live and config and (differing := live.present ^ config.present):
        yield Flag("dif", "equal-not", f"{len(differing)} differ")
    for state, kind, icon in _SIGNS:
        if counted[state]:
            yield Flag(kind, icon, f"{counted[state]} {state}")


def _template(name: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(get_template(name).render(context).strip())  # noqa: S308  # a template's own output
