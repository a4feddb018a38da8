"""The rows of the fleet page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from domains.models import OPEN, Domain, Effect, EffectState, Host, Operation
from domains.web import lines, maps
from domains.web.lines import Line
from domains.web.readings import is_late
from domains.web.works import work_of


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
    usable: bool
    live: int | None
    config: int | None
    total: int
    map: SafeString
    flags: tuple[Flag, ...]
    last: Line | None


def fleet_rows(domains: Sequence[Domain]) -> list[FleetRow]:
    """Describe guests, whose hosts are loaded, with three queries however many they are."""
    ids = [domain.pk for domain in domains]
    working: dict[int, dict[int, str]] = defaultdict(dict)
    effects = Effect.objects.filter(domain__in=ids, state__in=(*OPEN, EffectState.UNCONFIRMED))
    for effect in effects.select_related("operation").order_by("operation_id"):
        working[effect.domain_id or 0][effect.vcpu] = work_of(effect).shown
    newest = Operation.objects.filter(domain__in=ids).values("domain").annotate(newest=Max("id"))
    operations = Operation.objects.filter(pk__in=newest.values("newest")).prefetch_related("effects")
    last = {operation.domain_id: lines.of_operation(operation) for operation in operations}
    return [_row(domain, working[domain.pk], last.get(domain.pk)) for domain in domains]


def row_html(domain: Domain) -> SafeString:
    """Draw one guest's row."""
    return _template("_fleet_row.html", {"row": fleet_rows([domain])[0]})


def head_html(host: Host) -> SafeString:
    """Draw the line above a host's guests."""
    return _template("_fleet_head.html", {"host": host, "late": is_late(host)})


def _row(domain: Domain, working: dict[int, str], last: Line | None) -> FleetRow:
    live, config = domain.live_map, domain.config_map
    counted = Counter(working.values())
    flags = []
    if live and config and (differing := live.present ^ config.present):
        flags.append(Flag("dif", "equal-not", f"{len(differing)} differ"))
    for state, kind, icon in (
        ("queued", "act", "clock"),
        ("adding", "act", "loader-2"),
        ("removing", "act", "loader-2"),
        ("waiting", "wait", "hourglass"),
        ("unconfirmed", "wait", "help-circle"),
    ):
        if counted[state]:
            flags.append(Flag(kind, icon, f"{counted[state]} {state}"))
    return FleetRow(
        domain=domain,
        usable=domain.host.reachable and domain.gone_at is None,
        live=len(live.present) if live else None,
        config=len(config.present) if config else None,
        total=max((slots.maximum for slots in (live, config) if slots), default=0),
        map=maps.draw(live, config, working=working),
        flags=tuple(flags),
        last=last,
    )


def _template(name: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(get_template(name).render(context).strip())  # noqa: S308  # a template's own output
