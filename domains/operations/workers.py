"""Which workers live, and which queues they serve: as they say themselves every few seconds, by way of Redis."""

from __future__ import annotations

import time
from collections.abc import Iterable

from domains.models import Host
from domains.push import beats

KIND = "worker"  # of their signs of life
EVERY = 3.0  # seconds between two of them
LIFETIME = 10  # seconds for which one is believed
GLANCE = 1.0  # seconds between two looks at them by one process that draws pages


def tell(name: str, *, queues: Iterable[str], processes: int, busy: int) -> None:
    """Say that a worker takes messages: from which queues, with how many processes, so many of them at work."""
    told = {"queues": sorted(queues), "processes": processes, "busy": busy}
    beats.beat(KIND, name, told, LIFETIME)


def leave(name: str) -> None:
    """Say that a worker takes no more messages."""
    beats.forget(KIND, name)


def served() -> frozenset[str] | None:
    """Give the queues that some worker takes messages from. None while that is not known: Redis does not answer."""
    living = beats.beats(KIND)
    if living is None:
        return None
    told = [worker.get("queues") for worker in living.values()]
    return frozenset(str(queue) for queues in told if isinstance(queues, list) for queue in queues)


def unserved(queues: Iterable[str]) -> frozenset[str] | None:
    """Give those of these queues that no worker takes messages from. None while that is not known."""
    known = served()
    return None if known is None else frozenset(queues) - known


class _Glance:
    """What was last found out about the queues, for as long as it is taken for the present."""

    until = 0.0
    served: frozenset[str] | None = None


def lacks(host: Host) -> bool:
    """Whether it is known that no worker takes messages from a host's queue, so that changes stay queued.

    False for a host that is not reachable: its operations have more to wait for.
    """
    return host.reachable and left_alone(host)


def left_alone(host: Host) -> bool:
    """Whether it is known that no worker takes messages from the queue of a host, wherever that may be.

    Redis is asked at most once a second, however many hosts a page shows.
    """
    if time.monotonic() >= _Glance.until:
        _Glance.until, _Glance.served = time.monotonic() + GLANCE, served()
    return _Glance.served is not None and host.queue not in _Glance.served
