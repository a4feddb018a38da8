"""What is so now, as families of Prometheus's samples. What each of them means stands in ``docs/metrics.md``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from domains.models import HostState
from domains.operations.pulse import HeadPulse, HostPulse, Pulse, QueuePulse
from domains.operations.troubles import Part, troubles
from domains.push.figures import HubFigures


def current(pulse: Pulse) -> Iterator[Metric]:
    """Give what a pulse tells of everything that is at work."""
    yield _gauge("operations_open", "Operations that have not ended.", "status", pulse.open.items())
    yield from _queues(pulse.queues, pulse)
    yield from _hosts(pulse.hosts)
    yield _single("watcher_lag_seconds", "Age of the oldest last reading of a connected host.", pulse.lag)
    unwatched = sum(not host.watched for host in pulse.watched)
    yield _single("hosts_unwatched", "Hosts in use that no watcher has.", unwatched)
    yield _single("watchers", "Watchers that live, whether or not a host is left for them.", pulse.watchers)
    if pulse.workers is not None:
        yield _single("workers", "Workers that give signs of life.", len(pulse.workers))
    yield _single("revision", "Number of the last change.", pulse.revision)
    yield from _head(pulse.head)
    ailing = {trouble.part for trouble in troubles(pulse, [host.slug for host in pulse.hosts])}
    yield _gauge(
        "trouble", "Whether something is not well.", "part", ((str(part), part in ailing) for part in Part)
    )


def _queues(queues: Iterable[QueuePulse], pulse: Pulse) -> Iterator[Metric]:
    named = {queue.name: queue for queue in queues}
    depths = ((name, queue.depth) for name, queue in named.items())
    yield _gauge("queue_operations", "Operations that are queued.", "queue", depths)
    ages = ((name, queue.oldest) for name, queue in named.items())
    yield _gauge(
        "queue_oldest_seconds", "Age of the oldest that no worker has begun; 0 for none.", "queue", ages
    )
    if pulse.workers is not None:
        served = frozenset().union(*pulse.workers.values())
        yield _gauge(
            "queue_served", "Whether a worker serves it.", "queue", ((name, name in served) for name in named)
        )


def _hosts(hosts: Iterable[HostPulse]) -> Iterator[Metric]:
    state = GaugeMetricFamily("slotboard_host_state", "1 for the state it is in.", labels=("host", "state"))
    for host in hosts:
        for one in HostState:
            state.add_metric((host.slug, str(one)), host.state == one)
    yield state
    seen = ((host.slug, host.age) for host in hosts if host.age is not None)
    yield _gauge("host_seen_age_seconds", "Seconds since it was last read.", "host", seen)
    watched = ((host.slug, host.watched) for host in hosts)
    yield _gauge("host_watched", "Whether a watcher has it.", "host", watched)


def _head(head: HeadPulse) -> Iterator[Metric]:
    yield _single("history_head", "Number of the history's last entry.", head.seq)
    yield _single("history_published_head", "Number of the head that was published last.", head.published)
    if head.published_age is not None:
        age = head.published_age
        yield _single("history_published_age_seconds", "Seconds since a head was last published.", age)
    yield _single(
        "history_unpublished_age_seconds",
        "Age of the oldest entry that no published head covers; 0 for none.",
        head.unpublished,
    )


def up(*, database: bool, pulse: Pulse | None) -> Iterator[Metric]:
    """Give which parts answer; without a pulse nothing is known but that the database does not."""
    parts = {"database": database}
    if pulse:
        parts |= {"redis": pulse.workers is not None, "watcher": pulse.watchers > 0}
        if pulse.workers is not None:  # else nobody knows
            parts["worker"] = bool(pulse.workers)
    yield _gauge("up", "Whether a part answers.", "part", parts.items())


def of_hub(hub: HubFigures) -> Iterator[Metric]:
    """Give what the hub of this process tells."""
    yield _single("open_streams", "Streams that are open in this process.", hub.streams)
    yield _single("event_lag_seconds", "How late changes lately came to this process's streams.", hub.lag)
    yield _single("event_revision", "Number of the last change that this process heard of.", hub.revision)
    yield _single("event_stream_up", "Whether this process hears of changes through Redis.", hub.attached)


def _single(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"slotboard_{name}", text, value)


def _gauge(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"slotboard_{name}", text, labels=(label,))
    for value, number in values:
        family.add_metric((value,), number)
    return family
