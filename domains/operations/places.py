"""Places: how many of a worker's processes hosts may hold, so that one that answers slowly holds no other one up.

A host has at most ``CHANGES_PER_HOST`` operations in hand. The slow hosts of a queue, and the guests that are being
asked how they use their CPUs, together hold at most three quarters of a pool; what is left is for hosts that answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
)

from domains.models import Host, HostState, Lease, Operation, Status
from domains.models.composed import Composed, Parameter

# A host is a slow one if a step of it has been in hand for longer, or if it was last seen longer ago than that; watchers
# write that they have seen it every two seconds.
SLOW = timedelta(seconds=2)
SILENT = timedelta(seconds=5)
# Stands for a worker where none is at work, until looking can tell what became of a call.
SETTLING = "settling"


def in_hand(now: datetime | Parameter) -> QuerySet[Operation]:
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
    slow = _slow(held)
    if host.pk not in slow and not _silent(host.last_seen, now):
        return False
    return sum(one.host_id in slow for one in held) + _looks(host.queue, now).count() >= shared()


def refused_look(host: Host, now: datetime) -> bool:
    """Whether no guest of the host may be asked just now: one is being asked, or no place is left for an agent, which
    may take as long as it likes.
    """
    names = set(_looks(host.queue, now).values_list("name", flat=True))
    held = _held(host.queue, now)
    slow = _slow(held)
    full = sum(one.host_id in slow for one in held) + len(names) >= shared()
    return full or look_lease(host.queue, host.slug) in names


def free(host_id: int, now: datetime) -> int:
    """Give how many operations of a host can still be taken in hand."""
    return max(0, settings.CHANGES_PER_HOST - len(_IN_HAND(now=now, host=host_id)))


def held_up(host_id: int) -> list[int]:
    """Give the domains of a host that are next in line, the oldest request first: as many as may ever be in hand."""
    found = _HELD_UP(limit=settings.CHANGES_PER_HOST, host=host_id)
    return [domain for (domain,) in found]


def shared() -> int:
    """Give the number of processes that everything slow may hold together: never all of them."""
    processes: int = settings.WORKER_PROCESSES
    return max(1, processes * 3 // 4)


def look_lease(queue: str, slug: str = "") -> str:
    """Name the lease under which one guest of a host is asked; without a host, how those of a queue begin."""
    return f"inside:{queue}:{slug}"


@dataclass(frozen=True, slots=True)
class _Held:
    """One process in use: for which host, and whether that makes the host a slow one."""

    host_id: int
    slow: bool


def _held(queue: str, now: datetime, *, but: int = 0) -> list[_Held]:
    rows = _HELD(now=now, queue=queue, but=but, slow=now - SLOW, silent=now - SILENT)
    return [_Held(host_id, bool(slow)) for host_id, slow in rows]


def _slow(held: Collection[_Held]) -> set[int]:
    return {one.host_id for one in held if one.slow}


def _silent(seen: datetime | None, now: datetime) -> bool:
    return seen is not None and seen < now - SILENT


def _looks(queue: str, now: datetime) -> QuerySet[Lease]:
    return Lease.objects.filter(name__startswith=look_lease(queue), expires_at__gt=now).exclude(holder="")


def _number(name: str) -> Parameter:
    return Parameter(name, BigIntegerField())


def _moment(name: str) -> Parameter:
    return Parameter(name, DateTimeField())


_IN_HAND = Composed(lambda: in_hand(_moment("now")).filter(host=_number("host")).values_list("pk"))
_HELD_UP = Composed(lambda: next_in_line().filter(host=_number("host")).order_by("pk").values_list("domain"))
_HELD = Composed(
    lambda: (
        in_hand(_moment("now"))
        .filter(host__queue=Parameter("queue", CharField()))
        .exclude(pk=_number("but"))
        .order_by()
        .values_list(
            "host",
            ExpressionWrapper(
                Q(claimed_at__lt=_moment("slow")) | Q(host__last_seen__lt=_moment("silent")), BooleanField()
            ),
        )
    )
)
