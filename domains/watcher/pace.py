"""How fast everything goes, in seconds."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The watcher's intervals and patience. The defaults are meant for real hosts; tests hurry."""

    statistics: float = 1.0
    unreachable: float = 10.0  # without an answer for so long, a host is shown as not answering
    kill: float = 20.0  # a child silent for so long is killed
    lease: timedelta = timedelta(seconds=8)
    renew: float = 2.0  # how often all leases are prolonged, and is noted which hosts answered
    look: float = 1.0  # between two looks at the domains that someone has open
    look_part: float = 4.0  # the longest between two parts of the sweep of all the others
    look_open: float = 1.5  # how often a domain that someone has open is looked at
    look_all: float = 28.0  # how long one sweep of all the others takes
    inside: float = 15.0  # how often the guest of a domain that someone has open is asked for its CPUs
    retry: float = 1.0  # the first pause before a connection is tried again, each attempt being a process
    retry_at_most: float = 30.0
    retry_local: float = 5.0  # the longest such pause for a socket on this machine
    hosts: float = 1.0  # how often the database is asked for hosts, and for who has which
    operations: float = 5.0
    tests: float = 1.0  # how often it is asked whether a connection is to be tested
    test: float = 20.0  # how long a test waits for its host
    tidy: float = 60.0
    heads: float = 5.0  # how often it is asked whether the history's head is to be published


REMIND = 600.0  # after which the log has once more what has not changed


class Backoff:
    """Growing pauses between attempts, from ``first`` to ``most`` seconds, spread so that many hosts differ."""

    def __init__(self, first: float, most: float) -> None:
        self._first = first
        self._most = most
        self._next = first

    def pause(self) -> float:
        """Give the next pause: between half and all of a span that doubles each time."""
        span, self._next = self._next, min(self._next * 2, self._most)
        return random.uniform(span / 2, span)  # noqa: S311 - spreads load, guards nothing

    def reset(self) -> None:
        """Begin with the shortest pause again."""
        self._next = self._first


class Told:
    """What the log had last of something that goes on, and when by the monotonic clock."""

    def __init__(self) -> None:
        self._sentence = ""
        self._moment = 0.0

    def again(self, sentence: str, moment: float) -> bool:
        """Whether that is news, or has been said so long ago that it is to be said once more; notes it then."""
        if sentence == self._sentence and moment - self._moment < REMIND:
            return False
        self._sentence, self._moment = sentence, moment
        return True
