"""Leases: a named right held by one process at a time, with an epoch that fences off an earlier holder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet

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
