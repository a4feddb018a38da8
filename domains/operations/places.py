"""Places: how many of a worker's processes hosts may hold, so that one that answers slowly holds no other one up.

A host has at most ``CHANGES_PER_HOST`` operations in hand. The slow hosts of a queue, and the guests that are being
asked how they use their CPUs, together hold at most three quarters of a pool; what is left is for hosts that answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from domains.models import Host, HostState, Lease, Operation, Status

# A host is a slow one if a step of it has been in hand for longer, or if it was last seen longer ago than that; watchers
# write that they have seen it every two seconds.
SLOW = timedelta(seconds=2)
SILENT = timedelta(seconds=5)
# Stands for a worker where none is at work, until looking can tell what became of a call.
SETTLING = "settling"


def in_hand(now: datetime) -> QuerySet[Operation]:
    """Give the operations at which a process is at work."""
    held = Operation.objects.filter(status=Status.RUNNING, lease_until__gte=now)
    return held.exclude(worker__in=("", SETTLING))


def next_in_line() -> QuerySet[Operation]:
    """Give the queued operations that wait for nothing but a place; those that wait for their host are not among them,
    unless it is paused and they are only to be told so.
    """
    same = Operation.objects.filter(domain=OuterRef("domain"))
    ahead = same.filter(status=Status.RUNNING) | same.filter(status=Status.QUEUED, pk__lt=OuterRef("pk"))
    attended = Q(host__state=HostState.CONNECTED) | Q(queue_if_unreachable=False) | Q(host__enabled=False)
    return Operation.objects.filter(attended, ~Exists(ahead), status=Status.QUEUED, domain__isnull=False)


def refused(operation: Operation, now: datetime) -> bool:
    """Whether the operation has to wait for a place. One whose host is not asked anything needs none."""
    host = operation.host
    if host is None or not host.reachable:
        return False
    held = _held(host.queue, now, but=operation.pk)
    if sum(one.host_id == host.pk for one in held) >= settings.CHANGES_PER_HOST:
        return True
    slow = _slow(held, now)
    if host.pk not in slow and not _silent(host.last_seen, now):
        return False
    return sum(one.host_id in slow for one in held) + _looks(host.queue, now).count() >= shared()


def refused_look(host: Host, now: datetime) -> bool:
    """Whether a guest of the host may not be asked just now, though its lease is held: an agent may take as long as it
    likes. Those that were to be asked before it come first.
    """
    held = _held(host.queue, now)
    slow = _slow(held, now)
    mine = Lease.objects.filter(name=look_lease(host.queue, host.slug)).values("expires_at")
    first = _looks(host.queue, now).filter(expires_at__lte=Subquery(mine)).count()
    return sum(one.host_id in slow for one in held) + first > shared()


def free(host_id: int, now: datetime) -> int:
    """Give how many operations of a host can still be taken in hand."""
    return max(0, settings.CHANGES_PER_HOST - in_hand(now).filter(host=host_id).count())


def shared() -> int:
    """Give the number of processes that everything slow may hold together: never all of them."""
    processes: int = settings.WORKER_PROCESSES
    return max(1, processes * 3 // 4)


def look_lease(queue: str, slug: str = "") -> str:
    """Name the lease under which one guest of a host is asked; without a host, how those of a queue begin."""
    return f"inside:{queue}:{slug}"


@dataclass(frozen=True, slots=True)
class _Held:
    """One process in use: for which host, since when, and when that host was last seen."""

    host_id: int
    since: datetime | None
    seen: datetime | None


def _held(queue: str, now: datetime, *, but: int | None = None) -> list[_Held]:
    rows = in_hand(now).filter(host__queue=queue)
    if but is not None:
        rows = rows.exclude(pk=but)
    return [_Held(*row) for row in rows.values_list("host", "claimed_at", "host__last_seen")]


def _slow(held: Collection[_Held], now: datetime) -> set[int]:
    return {
        one.host_id
        for one in held
        if _silent(one.seen, now) or (one.since is not None and one.since < now - SLOW)
    }


def _silent(seen: datetime | None, now: datetime) -> bool:
    return seen is not None and seen < now - SILENT


def _looks(queue: str, now: datetime) -> QuerySet[Lease]:
    return Lease.objects.filter(name__startswith=look_lease(queue), expires_at__gt=now).exclude(holder="")
