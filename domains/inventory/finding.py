"""Finding domains in the inventory: what a list of the fleet shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q, QuerySet

from domains.models import FINAL, Domain, Host, HostState, Operation, Status
from domains.models.holds import Holds, HoldsDigits

BEGINNING, ANYWHERE = 6, 8  # digits of a UUID; fewer stand there in too many by chance
_DIGITS = frozenset("0123456789abcdef")
UNDER_WAY = tuple(status for status in Status if status not in FINAL)
_ORDERS: dict[str, tuple[str, ...]] = {
    "host": ("host__slug", "name", "pk"),
    "name": ("name", "pk"),
    "state": ("state", "name", "pk"),
    "-live": ("-live_count", "name", "pk"),
    "-config": ("-config_count", "name", "pk"),
    "-changed": ("-changed", "name", "pk"),
}
SORTS = tuple(f"{sign}{name.removeprefix('-')}" for name in _ORDERS for sign in ("", "-"))


@dataclass(frozen=True, slots=True)
class FleetFilters:
    """What a domain has to fit, all of it; what is left out narrows nothing.

    ``q`` stands in its name or its host's, in either case, or is the beginning of its UUID (from 6 digits on) or any
    part of it (from 8 on), with or without dashes. ``host`` is a slug,
    ``state`` one of virsh's words. ``differs``: both sides are there and hold different slots. ``waiting``: an
    operation waits or is under way. ``unreachable``: no worker may open its host, which does not answer or is
    paused. ``sort`` is one of ``SORTS``; a minus turns it round, and empty means by host.
    """

    q: str = ""
    host: str = ""
    state: str = ""
    differs: bool = False
    waiting: bool = False
    unreachable: bool = False
    sort: str = ""


def find(filters: FleetFilters, seen: QuerySet[Domain]) -> QuerySet[Domain]:
    """Narrow ``seen`` to the domains that their hosts still show and that fit, in the order asked for.

    Domains that are alike in what they are sorted by come by name. Raises ``KeyError`` for an unknown ``sort``.
    """
    found = seen.filter(fitting(filters), gone_at=None)
    sort = filters.sort or "host"
    if sort in _ORDERS:
        return found.order_by(*_ORDERS[sort])
    # Turned round as a whole, so that one index serves both directions.
    return found.order_by(*_ORDERS[sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"]).reverse()


def fitting(filters: FleetFilters) -> Q:
    """Give the condition that the filters are."""
    wanted = Q()
    if filters.q:
        wanted &= containing(filters.q)
    if filters.host:
        wanted &= Q(host__in=Host.objects.filter(slug=filters.host))
    if filters.state:
        wanted &= Q(state=filters.state)
    if filters.differs:
        wanted &= Q(differs=True)
    if filters.waiting:
        wanted &= under_way()
    if filters.unreachable:
        wanted &= Q(host__in=out_of_reach())
    return wanted


def under_way() -> Q:
    """Give the condition that an operation of the domain waits or is under way."""
    operations = Operation.objects.filter(status__in=UNDER_WAY, domain__isnull=False)
    return Q(pk__in=operations.values("domain"))


def out_of_reach() -> QuerySet[Host]:
    """Give the hosts that do not answer or are paused."""
    return Host.objects.exclude(enabled=True, state=HostState.CONNECTED)


def containing(words: str) -> Q:
    """Give the condition that ``words`` stand in a domain's name, its host's, or its UUID."""
    return named(words) | Q(host__in=Host.objects.filter(Q(Holds(F("slug"), words))))


def named(words: str) -> Q:
    """Give the condition that ``words`` stand in a domain's name or its UUID."""
    digits = words.replace("-", "").lower()
    hit = Q(Holds(F("name"), words))
    if not (BEGINNING <= len(digits) <= 32 and set(digits) <= _DIGITS):
        return hit
    first, last = (UUID(digits.ljust(32, filling)) for filling in "0f")
    numbered = Q(uuid__range=(first, last))
    if ANYWHERE <= len(digits) < 32:
        numbered |= Q(HoldsDigits(F("uuid"), digits))
    return hit | Q(pk__in=Domain.objects.filter(numbered).order_by().values("pk"))
