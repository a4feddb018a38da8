"""Choosing the guests of a batch among those that somebody may see; each gives a bounded list, hosts loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import F, Q, QuerySet

from domains.inventory.finding import FleetFilters, find
from domains.models import Domain
from domains.models.shellpattern import Fits
from domains.operations.actor import Actor
from domains.operations.batches.wanted import MOST_GUESTS
from domains.operations.refused import RequestRefused
from domains.operations.text import storable
from domains.vcpu.reasons import Reason


def by_key(actor: Actor, keys: Iterable[int]) -> list[Domain]:
    """Give the guests with these keys; those that are gone, or not to be seen, are left out.

    Like all of these, raises :class:`RequestRefused` where none is found (``domain_not_found``) and for more than
    ``MOST_GUESTS`` (``invalid_request``).
    """
    wanted = list(dict.fromkeys(keys))
    if len(wanted) > MOST_GUESTS:
        raise _too_many(len(wanted))
    found = actor.sees().filter(pk__in=wanted, gone_at=None)
    return _bounded(found, "Choose at least one guest that you may see; tick it on the fleet page.")


def by_filters(actor: Actor, filters: FleetFilters) -> list[Domain]:
    """Give the guests that the fleet page shows with these filters, on all of its pages."""
    return _bounded(find(filters, actor.sees()), "No guest fits these filters any more; choose anew.")


def by_match(actor: Actor, pattern: str, host: str = "") -> list[Domain]:
    """Give the guests whose names fit a shell pattern (``*`` and ``?``), on one host or all."""
    if not (storable(pattern) and storable(host)):
        raise RequestRefused(
            Reason.INVALID_REQUEST, "The pattern holds a character that no name has, such as NUL."
        )
    found = actor.sees().filter(Q(Fits(F("name"), pattern)), gone_at=None)
    found = found.filter(host__slug=host) if host else found
    where = f" on host {host[:100]}" if host else ""
    return _bounded(
        found, f"No guest that you may see{where} has a name like “{pattern[:100]}”; see the fleet."
    )


def by_name(actor: Actor, refs: Sequence[str]) -> list[Domain]:
    """Give the guests that are named one by one, each as HOST/UUID or HOST/NAME."""
    if len(refs) > MOST_GUESTS:
        raise _too_many(len(refs))
    parts = {ref: ref.partition("/")[::2] for ref in refs if storable(ref)}
    uuids = [uuid for uuid in (_uuid(name) for _, name in parts.values()) if uuid]
    named = Q(uuid__in=uuids) | Q(name__in=[name for _, name in parts.values()])
    seen = actor.sees().filter(named, gone_at=None, host__slug__in={host for host, _ in parts.values()})
    known: dict[tuple[str, str], Domain] = {}
    for domain in seen.select_related("host"):
        known[domain.host.slug, domain.name] = known[domain.host.slug, str(domain.uuid)] = domain
    found: dict[int, Domain] = {}
    for ref in refs:
        host, name = parts.get(ref, ("", ""))
        named_so = known.get((host, str(_uuid(name) or name)))
        if named_so is None:
            raise RequestRefused(
                Reason.DOMAIN_NOT_FOUND,
                f"There is no guest “{ref[:260]}”, or you may not see it; name each as HOST/UUID or HOST/NAME.",
            )
        found[named_so.pk] = named_so
    if not found:
        raise RequestRefused(Reason.INVALID_REQUEST, "Name at least one guest.")
    return sorted(found.values(), key=lambda domain: (domain.host.slug, domain.name, domain.pk))


def _bounded(found: QuerySet[Domain], none: str) -> list[Domain]:
    ordered = found.select_related("host").order_by("host__slug", "name", "pk")
    domains = list(ordered[: MOST_GUESTS + 1])
    if not domains:
        raise RequestRefused(Reason.DOMAIN_NOT_FOUND, none)
    if len(domains) > MOST_GUESTS:
        raise _too_many(found.order_by().count())
    return domains


def _too_many(count: int) -> RequestRefused:
    return RequestRefused(
        Reason.INVALID_REQUEST,
        f"{count:,} guests were chosen and a batch takes {MOST_GUESTS:,} at most; narrow the choice and make several.",
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
