"""One host, watched: one child after another, and what is shown while there is none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from domains.hypervisor.address import AddressError
from domains.hypervisor.openings import SENTENCES, socket_obstacle
from domains.inventory import hosts, leases
from domains.inventory.hosts import Assignment
from domains.inventory.leases import Fence, LeaseLost
from domains.models.host import address_policy
from domains.watcher.messages import Ended, Open
from domains.watcher.pace import Backoff, Pace, Told
from domains.watcher.process import ChildProcess, Wake
from domains.watcher.session import SILENT, Heard, Session

logger = structlog.get_logger(__name__)
CRASHED = "The process that watches this host ended unexpectedly."
STEADY = 60.0  # seconds after which a connection that breaks is opened anew without a long pause


class HostWatch(threading.Thread):
    """The thread that has one host, under a lease that others keep. It gives the lease back when it ends."""

    def __init__(
        self, assignment: Assignment, fence: Fence, pace: Pace, opened: Callable[[], Collection[str]]
    ) -> None:
        super().__init__(name=f"watch-{assignment.slug}", daemon=True)
        self.assignment = assignment
        self.fence = fence
        self.child_pid: int | None = None
        self.moved = time.monotonic()  # when this thread was last seen not to be stuck
        self._pace = pace
        self._opened = opened
        self._session: Session | None = None
        self._said = ""  # libvirt's own words for why the last connection could not be opened
        self._wake = Wake()
        self._stopping = threading.Event()
        self._log = logger.bind(host=assignment.slug)

    @property
    def stopping(self) -> bool:
        """Whether the thread was told to end."""
        return self._stopping.is_set()

    @property
    def heard(self) -> Heard | None:
        """The host's last answer; None while it is not on the line."""
        session = self._session
        return session.heard if session else None

    def stop(self) -> None:
        """Have the thread end soon; returns at once."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Watch the host until stopped, or until the lease is lost."""
        try:
            self._term()
        except LeaseLost:
            self._log.warning("another watcher has taken this host over")
        except DatabaseError as error:
            self._log.error("the database failed", error=str(error))
        finally:
            self._wake.close()
            connection.close()

    def _term(self) -> None:
        try:
            if self.assignment.enabled:
                self._watch()
            else:
                hosts.paused(self.assignment.id, self.fence)
        finally:
            leases.release(self.fence)

    def _watch(self) -> None:
        hosts.unreachable_unless_seen(self.assignment.id, self._pace.unreachable, self.fence)
        local = bool(self.assignment.address.socket)
        backoff = Backoff(self._pace.retry, self._pace.retry_local if local else self._pace.retry_at_most)
        told = Told()
        while not self._stopping.is_set():
            began, obstacle = time.monotonic(), self._obstacle()
            self._said = ""
            sentence = obstacle or self._connection()
            if self._stopping.is_set():
                return
            steady = time.monotonic() - began > STEADY
            if told.again(sentence, time.monotonic()) or steady:
                self._log.info("not connected", why=sentence, said=self._said)
            hosts.unreachable(self.assignment.id, sentence, self.fence)
            if sentence == SILENT or steady:
                backoff.reset()  # that took long enough by itself
            self._rest(self._pace.retry if obstacle else backoff.pause())

    def _obstacle(self) -> str:
        """Say what can be seen without a process: an address that is not allowed, or no socket that could be used."""
        address = self.assignment.address
        try:
            address.validate(address_policy())
        except AddressError as error:
            return error.sentence
        obstacle = socket_obstacle(Path(address.socket)) if address.socket else None
        return SENTENCES[obstacle] if obstacle else ""

    def _connection(self) -> str:
        """Hold one connection for as long as it lasts. Gives the sentence that says why it ended."""
        uri = self.assignment.address.uri(address_policy())
        order = Open(settings.GATEWAY, uri, self.assignment.monitor, self._pace.statistics)
        child = ChildProcess(order, self._wake)
        self.child_pid = child.pid
        try:
            return self._converse(child)
        finally:
            self._session = None
            child.close()
            self.child_pid = None

    def _converse(self, child: ChildProcess) -> str:
        session = Session(self.assignment.id, self.fence, child.send, self._pace, time.monotonic())
        self._session = session
        while not self._stopping.is_set():
            for message in child.receive(self._pace.statistics):
                if isinstance(message, Ended):
                    self._said = message.said
                last_word = session.handle(message, time.monotonic())
                if last_word:
                    return last_word
            if child.ended:
                return CRASHED
            self.moved = time.monotonic()
            last_word = session.tick(self.moved, self._opened())
            if last_word:
                return last_word
        return ""

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self.moved = time.monotonic()
            self._stopping.wait(min(left, self._pace.renew))
