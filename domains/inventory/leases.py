"""Leases: a named right held by one process at a time, with an epoch that fences off an earlier holder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from domains.models import Lease
from domains.models.clock import now


class LeaseLost(Exception):
    """The lease has passed to another holder: nothing may be written under it any more."""


@dataclass(frozen=True, slots=True)
class Fence:
    """One holder's term. Whoever takes the lease over gets a higher ``epoch``."""

    name: str
    holder: str
    epoch: int


def acquire(name: str, holder: str, ttl: timedelta) -> Fence | None:
    """Take a lease that is new, given up or expired. None while somebody holds it, ``holder`` included."""
    # Looked at first: who only waits for a lease must not take the database's write lock again and again.
    if Lease.objects.filter(name=name, expires_at__gt=now()).exists():
        return None
    with transaction.atomic():
        moment = now()
        fresh = {"holder": holder, "expires_at": moment + ttl}
        lease, created = Lease.objects.get_or_create(name=name, defaults=fresh)
        if created:
            return Fence(name, holder, lease.epoch)
        expired = Lease.objects.filter(name=name, expires_at__lte=moment)
        if not expired.update(epoch=F("epoch") + 1, **fresh):
            return None
        return Fence(name, holder, Lease.objects.values_list("epoch", flat=True).get(name=name))


def renew(fence: Fence, ttl: timedelta) -> bool:
    """Prolong the lease to ``ttl`` from now. False once another holder has it; an expired one is revived."""
    return bool(_term(fence).update(expires_at=now() + ttl))


def keep(holder: str, fences: Iterable[Fence], ttl: timedelta) -> frozenset[Fence]:
    """Prolong, inside a transaction, many leases of one holder; gives those that nobody has taken over.

    Like those of :func:`check` their rows stay locked until the transaction ends.
    """
    names = [fence.name for fence in fences]
    rows = Lease.objects.select_for_update().filter(holder=holder, name__in=names).order_by("name")
    kept = {Fence(lease.name, lease.holder, lease.epoch) for lease in rows}.intersection(fences)
    Lease.objects.filter(name__in=[fence.name for fence in kept]).update(expires_at=now() + ttl)
    return frozenset(kept)


def living(*kinds: str) -> dict[str, str]:
    """Give the holder of each lease of these kinds (how their names begin) that has not expired, by its name."""
    named = Q()
    for kind in kinds:
        named |= Q(name__startswith=kind)
    return dict(Lease.objects.filter(named, expires_at__gt=now()).values_list("name", "holder"))


def forget(prefix: str, age: timedelta) -> None:
    """Delete the leases so named that expired longer ago than ``age``, with their epochs."""
    Lease.objects.filter(name__startswith=prefix, expires_at__lt=now() - age).delete()


def drop(fence: Fence) -> None:
    """Give up a lease that nobody is going to take over, and leave nothing of it."""
    _term(fence).delete()


def release(fence: Fence) -> None:
    """Give the lease up, so that the next holder need not wait. Harmless if it is lost already."""
    _term(fence).update(holder="", expires_at=now())


def check(fence: Fence) -> None:
    """Make sure, inside a transaction, that the term lasts until its end. Raises ``LeaseLost``.

    The row stays locked until the transaction ends: a takeover waits for it, so what is written under the
    old term comes before everything that is written under the new one.
    """
    if _term(fence).select_for_update().first() is None:
        raise LeaseLost(f"The lease {fence.name} is no longer held by {fence.holder}.")


def _term(fence: Fence) -> QuerySet[Lease]:
    return Lease.objects.filter(name=fence.name, holder=fence.holder, epoch=fence.epoch)
