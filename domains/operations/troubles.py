"""What is not well, in words: decided here, and shown on pages, by ``/readyz`` and in ``/metrics``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings

from domains.models import HostState
from domains.operations.durations import duration
from domains.operations.pulse import Pulse

LATE = 15.0  # seconds; a watched host is read every second, and given up on after ten
QUEUED = 60.0  # seconds; a bell that was lost is rung again within seven
BEHIND = 5.0  # seconds; without Redis, hubs find changes within that
MARGIN = timedelta(minutes=1)  # beyond the interval in which the head is to be published
NAMED = 3


class Part(StrEnum):
    """What a trouble is about."""

    REDIS = "redis"
    WORKER = "worker"
    QUEUE = "queue"
    WATCHER = "watcher"
    HOSTS = "hosts"
    QUEUED = "queued"
    EVENTS = "events"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not well, and what it means for people; ``brief`` is for where there is little room.

    The latter says nothing that changes while the trouble lasts: it is read out to those who cannot see it.
    """

    part: Part
    brief: str
    sentence: str


def troubles(pulse: Pulse, known: Collection[str]) -> list[Trouble]:
    """Say what is not well, gravest first, to somebody who may know of the hosts ``known``."""
    return [*_of_processes(pulse), *_of_queues(pulse, known), *_of_hosts(pulse, known), *_of_news(pulse)]


def about_hosts(pulse: Pulse) -> bool:
    """Whether anything is not well of which only those who may know a host are to be told."""
    every = [host.slug for host in pulse.hosts]
    return bool([*_of_queues(pulse, every), *_of_hosts(pulse, every)])


def _of_processes(pulse: Pulse) -> Iterator[Trouble]:
    if pulse.workers is None:
        means = "pages follow changes a few seconds late, and operations stay queued until it is back"
        yield Trouble(Part.REDIS, "Redis does not answer", f"Redis does not answer: {means}.")
    elif not pulse.workers:
        means = "operations stay queued until one is started"
        yield Trouble(Part.WORKER, "No worker answers", f"No worker answers: {means}.")
    if not pulse.watchers:
        means = "what is shown of hosts and guests is not brought up to date"
        yield Trouble(Part.WATCHER, "No watcher at work", f"No watcher is at work: {means}.")


def _of_queues(pulse: Pulse, known: Collection[str]) -> Iterator[Trouble]:
    mine = {host.queue for host in pulse.watched if host.slug in known}
    unserved = sorted(mine & pulse.unserved) if pulse.workers else []
    if unserved:
        queues = f"queue{'s' if len(unserved) > 1 else ''} {listed(unserved)}"
        means = f"operations on {'their' if len(unserved) > 1 else 'its'} hosts stay queued"
        yield Trouble(Part.QUEUE, f"Unserved: {listed(unserved)}", f"No worker serves the {queues}: {means}.")
    due = max((host.due for host in pulse.watched if host.slug in known), default=0.0)
    if due > QUEUED:
        yield Trouble(
            Part.QUEUED,
            "Operations wait for a worker",
            f"Operations are queued that no worker has begun, the oldest for {duration(due)}.",
        )


def _of_hosts(pulse: Pulse, known: Collection[str]) -> Iterator[Trouble]:
    mine = [host for host in pulse.hosts if host.slug in known]
    away = [host.slug for host in mine if host.state == HostState.UNREACHABLE]
    late = [host.slug for host in mine if host.state == HostState.CONNECTED and (host.age or 0.0) > LATE]
    if late and pulse.watchers:
        means = "what is shown of it may be old" if len(late) == 1 else "what is shown of them may be old"
        yield Trouble(
            Part.WATCHER, f"Not watched: {listed(late)}", f"No watcher looks after {listed(late)}: {means}."
        )
    if away:
        one = len(away) == 1
        brief = f"{away[0]} does not answer" if one else f"{len(away)} hosts do not answer"
        means = f"what is shown of {'its' if one else 'their'} guests may be old, and changes have to wait"
        verb = "does" if one else "do"
        yield Trouble(Part.HOSTS, brief, f"{listed(away)} {verb} not answer: {means}.")


def _of_news(pulse: Pulse) -> Iterator[Trouble]:
    if pulse.hub and pulse.hub.lag > BEHIND:
        late = duration(pulse.hub.lag)
        yield Trouble(Part.EVENTS, "Pages are behind", f"Changes reach open pages {late} late.")
    if pulse.head.unpublished > (settings.HEAD_INTERVAL + MARGIN).total_seconds():
        age = duration(pulse.head.unpublished)
        yield Trouble(
            Part.HEAD,
            "Head not published",
            f"The head of the history has not been published for {age}: the watcher’s log says why.",
        )


def listed(names: Sequence[str]) -> str:
    """Name up to three, and count the others: ``a``, ``a and b``, ``a, b, c and 4 more``."""
    named, more = list(names[:NAMED]), len(names) - NAMED
    if more > 0:
        named.append(f"{more} more")
    return f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else named[0]
