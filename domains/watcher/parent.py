"""The watcher's parent: it shares the hosts with other watchers, and keeps every thread of its own alive."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, connections

from domains.history.heads import Publisher
from domains.inventory import connectiontests
from domains.operations.sweep import sweep
from domains.watcher.duty import Duty
from domains.watcher.hints import Hints
from domains.watcher.holding import Holding
from domains.watcher.pace import Pace
from domains.watcher.tester import Tester

logger = structlog.get_logger(__name__)
ENDING = 1.7  # seconds that everything together has to end


class Parent:
    """One watcher process. All work is done in threads, so that a stop is heard at any time."""

    def __init__(self, pace: Pace, *, holder: str = "") -> None:
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._pace = pace
        self._hints = Hints(self.holder)
        self.holding = Holding(self.holder, pace, lambda: self._hints.opened)
        publisher = Publisher(
            settings.HEAD_FILE, interval=settings.HEAD_INTERVAL, entries=settings.HEAD_ENTRIES
        )
        self._duties = [
            Duty("sweep", self.holder, pace.operations, sweep),
            Duty("heads", self.holder, pace.heads, publisher.publish),
            Duty("old tests", self.holder, pace.tidy, connectiontests.forget_old),
        ]
        self._tester = Tester(self.holder, pace)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Have :meth:`run` end."""
        self._stopping.set()

    def run(self) -> bool:
        """Watch until stopped; then end every child and give every lease back, within two seconds.

        False if it ended because a part of it failed, which its log names.
        """
        logger.info("watching", holder=self.holder)
        jobs = [
            self._thread("hosts", self._pace.hosts, self._arrange, self._leave),
            self._thread("tests", self._pace.tests, self._tester.turn, self._tester.stop),
            *(self._thread(duty.name, duty.pause, duty.turn, duty.release) for duty in self._duties),
        ]
        while all(job.is_alive() for job in jobs) and not self._stopping.wait(1.0):
            pass
        failed = not self._stopping.is_set()
        self._stopping.set()
        self._end(jobs)
        logger.info("stopped", failed=failed)
        return not failed

    def _end(self, jobs: list[threading.Thread]) -> None:
        deadline = time.monotonic() + ENDING
        jobs[0].join(ENDING / 4)  # it starts watches; a slow database must not hold up their end
        self.holding.stop()
        for thread in [*self.holding.watches.values(), *jobs]:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._hints.forget()

    def _thread(
        self, name: str, pause: float, job: Callable[[], None], ending: Callable[[], None]
    ) -> threading.Thread:
        thread = threading.Thread(target=self._repeat, args=(pause, job, ending), name=name, daemon=True)
        thread.start()
        return thread

    def _repeat(self, pause: float, job: Callable[[], None], ending: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                job()
            except DatabaseError as error:
                logger.error("the database failed", error=str(error))
                connections.close_all()
            self._stopping.wait(pause)
        ending()

    def _arrange(self) -> None:
        self.holding.turn()
        self._hints.refresh(self.holding.heard())

    def _leave(self) -> None:
        try:
            self.holding.leave()
        except DatabaseError as error:
            logger.error("the database failed", error=str(error))
        connections.close_all()
