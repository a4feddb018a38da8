"""Looking at what is at work right now: one look at the database and at Redis."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from django.db.models import Count, Min, Q

from domains.inventory.finding import UNDER_WAY
from domains.inventory.hosts import LEASE, WATCHER
from domains.models import HistoryEntry, Host, HostState, Lease, Operation, PublishedHead, Status, clock
from domains.models.revision import current_revision
from domains.operations.pulse import HeadPulse, HostPulse, Pulse, QueuePulse
from domains.push.beats import beats
from domains.push.figures import hub_figures


def take_pulse() -> Pulse:
    """Look at everything. Nine queries at most, however much there is, and one question to Redis."""
    now = clock.now()
    holders = dict(Lease.objects.filter(expires_at__gt=now).exclude(holder="").values_list("name", "holder"))
    hosts = _hosts(now, holders)
    counted, queues, due = _open_operations(now, hosts)
    return Pulse(
        hosts=tuple(replace(host, due=due.get(host.slug, 0.0)) for host in hosts),
        queues=queues,
        open=counted,
        watchers=sum(name.startswith(WATCHER) for name in holders),
        workers=_workers(),
        revision=current_revision(),
        head=_head(now),
        hub=hub_figures(),
    )


def _hosts(now: datetime, holders: dict[str, str]) -> tuple[HostPulse, ...]:
    return tuple(
        HostPulse(
            slug=slug,
            queue=queue,
            state=state if enabled else HostState.PAUSED,
            age=_age(now, seen),
            watched=f"{LEASE}{slug}" in holders,
        )
        for slug, queue, enabled, state, seen in Host.objects.values_list(
            "slug", "queue", "enabled", "state", "last_seen"
        )
    )


def _open_operations(
    now: datetime, hosts: tuple[HostPulse, ...]
) -> tuple[dict[str, int], tuple[QueuePulse, ...], dict[str, float]]:
    rows = (
        Operation.objects.filter(status__in=UNDER_WAY)
        .exclude(status=Status.UNCONFIRMED, host=None)  # its host was removed: nothing comes of it any more
        .order_by()
        .values_list("status", "host__queue", "host__slug")
        .annotate(number=Count("pk"), begun=Min("created_at", filter=Q(started_at=None)))
    )
    counted = Counter[str](dict.fromkeys(UNDER_WAY, 0))
    queues = {host.queue: QueuePulse(host.queue) for host in hosts}
    answering = {host.slug for host in hosts if host.state == HostState.CONNECTED}
    due: dict[str, float] = {}
    for status, name, slug, number, begun in rows:
        counted[status] += number
        if status == Status.QUEUED and name is not None:
            queue, age = queues.get(name, QueuePulse(name)), _age(now, begun) or 0.0
            queues[name] = QueuePulse(name, queue.depth + number, max(queue.oldest, age))
            if slug in answering:
                due[slug] = age
    return dict(counted), tuple(sorted(queues.values(), key=lambda queue: queue.name)), due


def _workers() -> dict[str, frozenset[str]] | None:
    living = beats("worker")
    if living is None:
        return None
    return {name: _queues(told.get("queues")) for name, told in living.items()}


def _queues(told: object) -> frozenset[str]:
    return frozenset(map(str, told)) if isinstance(told, list) else frozenset()


def _head(now: datetime) -> HeadPulse:
    last = HistoryEntry.objects.order_by("-seq").values_list("seq", flat=True).first()
    seq = last if type(last) is int else 0  # SQLite takes anything for a number from whoever forges an entry
    published = PublishedHead.objects.first()
    covered = published.seq if published else 0
    later = HistoryEntry.objects.filter(seq__gt=covered).order_by("seq").values_list("time", flat=True)
    return HeadPulse(
        seq=seq,
        published=covered,
        published_age=_age(now, published.at) if published else None,
        unpublished=_age_of_entry(now, later.first()) if seq > covered else 0.0,
    )


def _age_of_entry(now: datetime, time: str | None) -> float:
    try:
        return _age(now, datetime.fromisoformat(time or "")) or 0.0
    except (ValueError, TypeError):  # whatever somebody else wrote for a time is none
        return 0.0


def _age(now: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
