"""What the parent does with what a child says: one connection's life, told to the inventory."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from domains.hypervisor.gateway import HostReading
from domains.hypervisor.openings import SENTENCES, Obstacle
from domains.inventory import attribution, hosts, store
from domains.inventory.leases import Fence
from domains.models import Domain
from domains.operations import doorbell
from domains.push import usage
from domains.watcher.insides import Insides
from domains.watcher.messages import (
    Alive,
    Changed,
    Ended,
    Failed,
    Follow,
    Hello,
    Look,
    Looked,
    Message,
    Missing,
    Read,
    Reading,
    Refused,
    Used,
)
from domains.watcher.pace import Pace
from domains.watcher.reads import Reads, Request
from domains.watcher.rounds import Rounds

logger = structlog.get_logger(__name__)
SILENT = SENTENCES[Obstacle.NO_ANSWER]


@dataclass(frozen=True, slots=True)
class Heard:
    """When a host last answered, by the monotonic clock, and the milliseconds that its shortest answer takes."""

    moment: float
    round_trip: float


class Session:
    """The talk with one child about one host. Times are seconds of a monotonic clock, given by the caller.

    Every method may raise ``LeaseLost`` or a database error, which end the session.
    """

    def __init__(
        self, host_id: int, fence: Fence, send: Callable[[Message], None], pace: Pace, moment: float
    ) -> None:
        self._host_id = host_id
        self._fence = fence
        self._send = send
        self._pace = pace
        self._slug = fence.name.partition(":")[2]
        self._log = logger.bind(host=self._slug)
        self._host: HostReading | None = None
        self._answering: bool | None = None  # not known before the first answer, or its absence
        self._answered = moment
        self._round_trip = 0.0
        self._reads = Reads()
        self._rounds = Rounds(pace.look_all, pace.look_open, pace.look_part)
        self._verified: dict[str, int] = {}  # the revision at which the inventory held the last reading
        self._looking = False
        self._looked = moment
        self._insides = Insides(pace.inside)
        self._followed: frozenset[str] = frozenset()
        self._able = False  # whether it is seen to that somebody finds out what the host can do

    @property
    def heard(self) -> Heard | None:
        """The host's last answer; None unless it has come lately enough for the host to be shown as connected."""
        return Heard(self._answered, self._round_trip) if self._answering else None

    def handle(self, message: Message, moment: float) -> str | None:
        """Take in what the child says; a sentence if that was its last word."""
        match message:
            case Hello():
                self._begin(message)
            case Alive(round_trip):
                self._alive(moment, round_trip)
            case Changed(uuids):
                self._want(uuids)
            case Looked(uuids):
                self._looking = False
                self._want(uuids)
            case Refused():
                self._refused(message, timedelta(seconds=moment - message.moment))
            case Reading() | Missing() | Failed():
                self._take(message)
            case Used(shares):
                usage.tell(self._slug, shares)
            case Ended(sentence):
                return sentence
        return None

    def tick(self, moment: float, opened: Collection[str]) -> str | None:
        """Do what is due: judge the silence, look at a part of the domains, send what is to be read.

        Gives a sentence when the child has been silent for so long that it is to be killed.
        """
        silence = moment - self._answered
        if silence >= self._pace.kill:
            return SILENT
        if silence >= self._pace.unreachable and self._answering is not False:
            self._answering = False
            hosts.unreachable(self._host_id, SILENT, self._fence)
        if self._answering:
            self._follow(self._rounds.known(opened))
        if self._answering and not self._looking and moment - self._looked >= self._pace.look:
            self._looked = moment
            self._look(self._rounds.due(moment, opened))
            self._look_inside(self._insides.due(moment, opened))
            self._learn()
        while (uuid := self._reads.next()) is not None:
            # The revision comes first: whatever is written after it makes this reading stale.
            request = self._reads.sent(uuid, store.revision_of(self._host_id, uuid))
            self._send(Read(request.token, uuid))
        return None

    def _begin(self, hello: Hello) -> None:
        """Read all that the host shows, and all that only the inventory still shows."""
        self._host = hello.host
        shown = Domain.objects.filter(host=self._host_id, gone_at=None).values_list("uuid", flat=True)
        self._rounds.add(hello.uuids)
        self._reads.want(dict.fromkeys([*hello.uuids, *map(str, shown)]), urgent=False)
        self._log.info("connected", domains=len(hello.uuids))

    def _alive(self, moment: float, round_trip: float) -> None:
        self._answered, self._round_trip = moment, round_trip
        if self._host and not self._answering:
            self._answering = True
            hosts.connected(self._host_id, self._host, self._fence, round_trip)
        self._reads.tick()

    def _want(self, uuids: Collection[str]) -> None:
        self._rounds.add(uuids)
        self._reads.want(uuids)

    def _look(self, uuids: Collection[str]) -> None:
        """Have the child compare what the inventory holds unchanged, and read what somebody else wrote."""
        idle = [uuid for uuid in uuids if not self._reads.busy(uuid)]
        if not idle:
            return
        rows = Domain.objects.filter(host=self._host_id, uuid__in=idle).values_list("uuid", "revision")
        stored = {str(uuid): revision for uuid, revision in rows}
        held = [uuid for uuid in idle if uuid in stored and self._verified.get(uuid) == stored[uuid]]
        self._reads.want(set(idle).difference(held), urgent=False)
        if held:
            self._looking = True
            self._send(Look(tuple(held)))

    def _look_inside(self, uuids: Collection[str]) -> None:
        if uuids:
            mine = Domain.objects.filter(host=self._host_id, uuid__in=uuids)
            doorbell.look(mine.values_list("pk", flat=True))

    def _follow(self, uuids: frozenset[str]) -> None:
        if uuids != self._followed:
            self._followed = uuids
            self._send(Follow(tuple(sorted(uuids))))

    def _learn(self) -> None:
        """Have a worker ask what the host can do, where this connection may not: on any domain of the host."""
        if self._able or not self._rounds:
            return
        unknown = Domain.objects.filter(host=self._host_id, gone_at=None, host__specific=None)
        doorbell.look(unknown.values_list("pk", flat=True)[:1])
        self._able = bool(self._verified)

    def _take(self, answer: Reading | Missing | Failed) -> None:
        request = self._reads.answered(answer.token)
        try:
            if isinstance(answer, Failed):
                self._give_up_or_retry(request, answer)
            else:
                self._apply(request, answer)
        except store.Stale:
            self._reads.stale(request.uuid)

    def _apply(self, request: Request, answer: Reading | Missing) -> None:
        uuid, revision = request.uuid, request.revision
        self._verified.pop(uuid, None)
        if isinstance(answer, Reading):
            seen = store.apply_reading(
                self._host_id, answer.reading, read_revision=revision, fence=self._fence
            )
            if not seen.changed:
                self._verified[uuid] = revision
            if self._insides.read(answer.reading):
                doorbell.look([seen.domain_id])
        else:
            self._rounds.remove(uuid)
            self._insides.forget(uuid)
            if not revision:
                return  # came and went before it was ever read
            seen = store.apply_gone(self._host_id, uuid, read_revision=revision, fence=self._fence)
        self._reads.settled(uuid)
        if seen.ring:
            doorbell.ring([seen.domain_id])

    def _give_up_or_retry(self, request: Request, answer: Failed) -> None:
        if not self._reads.failed(request.uuid):
            self._log.warning("a domain cannot be read", domain=request.uuid, error=answer.sentence)

    def _refused(self, told: Refused, ago: timedelta) -> None:
        known = Domain.objects.filter(host=self._host_id, uuid=told.uuid)
        for domain_id in known.values_list("pk", flat=True):
            attribution.guest_refused(domain_id, told.vcpu, told.text, ago=ago, fence=self._fence)
        self._want([told.uuid])
