"""Testing connections, also of hosts that are not stored: in a child process each, which is killed at its deadline."""

from __future__ import annotations

import threading
import time

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from domains.hypervisor.address import AddressError
from domains.hypervisor.openings import Obstacle
from domains.inventory import connectiontests
from domains.models import ConnectionTest
from domains.models.host import address_policy
from domains.watcher.messages import Alive, Ended, Hello, Message, Open
from domains.watcher.pace import Pace
from domains.watcher.process import ChildProcess, Wake

logger = structlog.get_logger(__name__)
AT_ONCE = 5
_WAIT = 0.5  # seconds after which it is looked whether the time is over


class Tester:
    """One watcher's connection tests. Each opens the connection that workers need, which may write."""

    def __init__(self, holder: str, pace: Pace) -> None:
        self._holder = holder
        self._pace = pace
        self._threads: list[threading.Thread] = []
        self._wake = Wake()
        self._stopping = threading.Event()

    def turn(self) -> None:
        """Begin what nobody has taken up yet, as far as there is room for it."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while len(self._threads) < AT_ONCE and (test := connectiontests.take(self._holder)):
            thread = threading.Thread(target=self._run, args=(test,), name=f"test-{test.pk}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Break off what is under way; its askers are told that it was lost."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(1.0)
        if not any(thread.is_alive() for thread in self._threads):
            self._wake.close()
        connection.close()

    def _run(self, test: ConnectionTest) -> None:
        try:
            self._test(test)
        except DatabaseError as error:
            logger.error("the database failed", test=test.pk, error=str(error))
        finally:
            connection.close()

    def _test(self, test: ConnectionTest) -> None:
        try:
            uri = test.address.uri(address_policy())
        except AddressError as error:
            connectiontests.failed(test, Obstacle.ADDRESS, error.sentence)
            return
        order = Open(settings.GATEWAY, uri, test.monitor, self._pace.statistics, write=True)
        child = ChildProcess(order, self._wake)
        try:
            self._listen(test, child)
        finally:
            child.close()

    def _listen(self, test: ConnectionTest, child: ChildProcess) -> None:
        """Wait for the child's first answer and its round trip, at most until the deadline."""
        deadline, hello = time.monotonic() + self._pace.test, None
        while time.monotonic() < deadline:
            for message in child.receive(_WAIT):
                if isinstance(message, Hello):
                    hello = message
                elif self._answered(test, message, hello):
                    return
            if self._stopping.is_set():
                return
            if child.ended:
                connectiontests.failed(test, Obstacle.OTHER)
                return
        connectiontests.failed(test, Obstacle.NO_ANSWER)

    def _answered(self, test: ConnectionTest, message: Message, hello: Hello | None) -> bool:
        if isinstance(message, Ended):
            logger.info("tested", host=test.slug, why=message.sentence, said=message.said)
            connectiontests.failed(test, message.obstacle or Obstacle.OTHER, message.sentence)
        elif isinstance(message, Alive) and hello:
            connectiontests.connected(
                test, hello.host, domains=len(hello.uuids), round_trip=message.round_trip
            )
        return isinstance(message, Ended) or (isinstance(message, Alive) and hello is not None)
