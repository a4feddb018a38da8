"""Publishing the head of the chain outside the database, where a rewritten or cut-off end shows."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

import structlog

from domains.history import chain, headfile
from domains.history.chain import Head
from domains.models import PublishedHead, clock

logger = structlog.get_logger(__name__)


class Publisher:
    """Publishes the head at the start, and then whenever time or enough entries have gone by.

    Each head is one bare line of JSON, the same in the file and on standard output, where nothing else is
    written: whatever collects that output keeps a file of heads. To be used by one process at a time.
    """

    def __init__(self, file: Path, *, interval: timedelta, entries: int) -> None:
        self._file = file
        self._interval = interval.total_seconds()
        self._entries = entries
        self._last: Head | None = None
        self._at = 0.0
        self._owed = False  # whether the file still lacks a head that was due
        self._trouble = ""

    def publish(self) -> None:
        """Publish the head if it is due; to be called every few seconds. What was published the database knows, too.

        A file that cannot be written is logged, once for each reason, and tried again with the next call.
        """
        head = chain.head()
        if head is None:
            return
        if type(head.seq) is not int:
            logger.error("the last entry of the history has no number: run manage.py history verify")
            return
        if self._due(head):
            self._last, self._at, self._owed = head, time.monotonic(), True
            self._say(head)
        if self._owed:
            self._write(head)

    def _due(self, head: Head) -> bool:
        if self._last is None:
            return True
        grown = head.seq - self._last.seq
        overdue = time.monotonic() - self._at >= self._interval
        return grown >= self._entries or grown < 0 or (overdue and head != self._last)

    def _say(self, head: Head) -> None:
        try:
            sys.stdout.write(f"{head.line()}\n")
            sys.stdout.flush()
        except OSError as error:
            logger.error("the head of the history cannot be printed", error=str(error))

    def _write(self, head: Head) -> None:
        try:
            headfile.append(self._file, head)
        except OSError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                logger.error(
                    "the head of the history cannot be published", file=str(self._file), error=str(error)
                )
            return
        if self._trouble:
            logger.info("the head of the history is published again", file=str(self._file))
        self._owed, self._trouble = False, ""
        PublishedHead.objects.update_or_create(id=1, defaults={"seq": head.seq, "at": clock.now()})
