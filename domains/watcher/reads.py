"""Which domains are to be read, which are being read, and what comes of a reading that was too late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

AT_ONCE = 8
TRIES = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A domain that is being read. ``revision`` is the inventory's from before the request was sent."""

    token: int
    uuid: str
    revision: int


class Reads:
    """The readings of one child. A domain is read once at a time, and again if a sign came meanwhile."""

    def __init__(self) -> None:
        self._urgent: dict[str, None] = {}  # in the order asked for, as all dictionaries are
        self._patient: dict[str, None] = {}
        self._requests: dict[int, Request] = {}
        self._reading: set[str] = set()
        self._again: set[str] = set()
        self._later: set[str] = set()
        self._tries: Counter[str] = Counter()
        self._tokens = count(1)

    def want(self, uuids: Iterable[str], *, urgent: bool = True) -> None:
        """Ask for readings; urgent ones go first."""
        for uuid in uuids:
            if uuid in self._reading:
                self._again.add(uuid)
            elif urgent:
                self._patient.pop(uuid, None)
                self._urgent[uuid] = None
            elif uuid not in self._urgent:
                self._patient[uuid] = None

    def next(self) -> str | None:
        """Give the domain to read now; None while enough are being read, or none is wanted."""
        queue = self._urgent or self._patient
        if not queue or len(self._requests) >= AT_ONCE:
            return None
        uuid = next(iter(queue))
        del queue[uuid]
        return uuid

    def sent(self, uuid: str, revision: int) -> Request:
        """Number a request that is about to be sent."""
        request = Request(next(self._tokens), uuid, revision)
        self._requests[request.token] = request
        self._reading.add(uuid)
        return request

    def answered(self, token: int) -> Request:
        """Take back the request that an answer belongs to."""
        request = self._requests.pop(token)
        self._reading.remove(request.uuid)
        if request.uuid in self._again:
            self._again.remove(request.uuid)
            self.want([request.uuid])
        return request

    def settled(self, uuid: str) -> None:
        """Note that a reading was of use."""
        self._tries.pop(uuid, None)

    def stale(self, uuid: str) -> None:
        """Read again what somebody else wrote meanwhile: at once, but not for ever without a pause."""
        self._tries[uuid] += 1
        if self._tries[uuid] <= TRIES:
            self.want([uuid])
        else:
            self._later.add(uuid)

    def failed(self, uuid: str) -> bool:
        """Try again with the host's next answer; False after several tries, which leaves it to the sweep."""
        self._tries[uuid] += 1
        if self._tries[uuid] > TRIES:
            del self._tries[uuid]
            return False
        self._later.add(uuid)
        return True

    def tick(self) -> None:
        """Take up what was put off until the host's next answer."""
        self.want(self._later)
        self._later = set()

    def busy(self, uuid: str) -> bool:
        """Whether the domain is going to be read anyway."""
        return any(uuid in group for group in (self._urgent, self._patient, self._reading, self._later))
