"""What is at work at one moment, and how much of it: the shapes in which it is told, see ``pulse_taking.py``."""

from __future__ import annotations

from dataclasses import dataclass

from domains.models import HostState
from domains.push.figures import HubFigures


@dataclass(frozen=True, slots=True)
class HostPulse:
    """A host: its state, the seconds since it was last read (None: never), and whether a watcher has it.

    ``due`` is for how many seconds the oldest of its operations has been queued that lacks nothing but a worker, 0 if
    there is none or the host does not answer.
    """

    slug: str
    queue: str
    state: str
    age: float | None
    watched: bool
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class QueuePulse:
    """What is queued for the hosts of one queue.

    ``oldest`` is for how many seconds the oldest has been queued that no worker has begun, 0 if there is none.
    """

    name: str
    depth: int = 0
    oldest: float = 0.0


@dataclass(frozen=True, slots=True)
class HeadPulse:
    """The history's last entry and the one published last, 0 for none, and how old that publication is.

    ``unpublished`` is the age in seconds of the oldest entry that no published head covers; 0 if all are covered.
    """

    seq: int
    published: int
    published_age: float | None
    unpublished: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """All of it. ``workers`` has the queues that each worker serves; it is None while Redis does not answer."""

    hosts: tuple[HostPulse, ...]
    queues: tuple[QueuePulse, ...]
    open: dict[str, int]
    watchers: int
    workers: dict[str, frozenset[str]] | None
    revision: int
    head: HeadPulse
    hub: HubFigures | None

    @property
    def watched(self) -> tuple[HostPulse, ...]:
        """The hosts that are to be watched."""
        return tuple(host for host in self.hosts if host.state != HostState.PAUSED)

    @property
    def lag(self) -> float:
        """How old in seconds the oldest last reading of a connected host is."""
        return max((host.age or 0.0 for host in self.hosts if host.state == HostState.CONNECTED), default=0.0)

    @property
    def unserved(self) -> frozenset[str]:
        """The queues of hosts that no worker serves, as far as that is known."""
        if self.workers is None:
            return frozenset()
        return frozenset(host.queue for host in self.watched) - frozenset().union(*self.workers.values())
