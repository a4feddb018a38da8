"""One open stream: what is to be sent down it, each element once however often it changed meanwhile."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape

from domains.push.rendering import Access

PENDING = 200  # elements; a client further behind is told to fetch its page again
PING = 15.0  # seconds between comments on a quiet stream, by which everybody on the way knows that it lives
PATIENCE = 30.0  # seconds in which a browser must take what it is sent

Position = tuple[int, int]  # an id of the stream


@dataclass(slots=True)
class Progress:
    """How far the hub has come: all announcements up to ``position`` are with the clients."""

    batch: int = 0
    position: Position = (0, 0)


@dataclass(slots=True, eq=False)
class Client:
    """A stream's subscriber. It takes part in the hub's batches from number ``first`` on.

    Its page shows everything up to the revision ``known`` for certain. What it missed before it came is in
    the batch ``ready``, None until that has been looked up; its cursor may move only after that one.
    ``used`` is the usage that it was last told of, by topic, None where its page may show another. ``uncertain`` says
    that Redis was out of reach when it came, so that nobody knows what it missed; until it is told to fetch its page
    its cursor stays. All sending is done within ``limit``.
    """

    session: str
    access: Access
    topics: frozenset[str]
    progress: Progress
    first: int
    opened: float
    known: int = 0
    ready: int | None = None
    uncertain: bool = False
    ended: bool = False
    used: dict[str, str | None] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    limit: asyncio.Timeout = field(default_factory=partial(asyncio.Timeout, None))
    _sending: float | None = None  # since when the browser has not taken what it was sent
    _ping: float = math.inf  # when the next one is due
    _pending: dict[str, bytes] = field(default_factory=dict)
    _resync: bool = False
    _position: Position = (0, 0)

    def push(self, messages: Mapping[str, bytes]) -> None:
        """Send elements as soon as possible, each in place of an older one that still waits."""
        if self._resync:
            return  # the page is about to be fetched again
        self._pending.update(messages)
        if len(self._pending) > PENDING:
            self.resync()
        self.wake.set()

    def show_usage(self, topic: str, text: str, message: bytes) -> None:
        """Send how much a domain's vCPUs use, unless that was the last that was sent of it."""
        if not self._resync and self.used.get(topic, "") != text:
            self.used[topic] = text
            self.push({topic: message})

    def resync(self) -> None:
        """Tell the page to fetch itself again."""
        self._resync = True
        self._pending.clear()
        self.used = dict.fromkeys(self.used)
        self.wake.set()

    def end(self, *, anew: bool = False) -> None:
        """Close the stream; the browser comes back with its cursor, if it may. ``anew`` has it fetch its page first."""
        if anew:
            self.resync()
        self.ended = True
        self.wake.set()

    def sending(self) -> None:
        """Note that something goes out to the browser."""
        self._sending = time.monotonic()

    def sent(self) -> None:
        """Note that the browser has taken it."""
        self._sending = None
        # Those who were told of a change at once are not all to be pinged at once.
        self._ping = time.monotonic() + PING * random.uniform(0.6, 0.9)  # noqa: S311  # spreads load, guards nothing

    def tend(self, now: float) -> None:
        """Have a quiet stream say that it lives, and give up a browser that takes nothing any more."""
        if self._sending is None:
            if now >= self._ping:
                self.wake.set()
        elif now - self._sending > PATIENCE:
            self._sending = now
            self.limit.reschedule(now)

    def last_words(self) -> bytes:
        """Give what is still to be sent when the stream has ended."""
        return self.take() if self._resync else b""

    def take(self) -> bytes:
        """Give what is to be sent now, the cursor with it; a comment if there is nothing."""
        self.wake.clear()
        if self._resync:
            self._resync = False
            return b"event: resync\n" + self._cursor() + b"data: resync\n\n"
        body = b"".join(self._pending.values())
        self._pending.clear()
        return (body or b": ping\n") + self._cursor() + b"\n"

    def _cursor(self) -> bytes:
        position = self.progress.position
        late = self.ready is None or self.progress.batch < self.ready
        if self.uncertain or late or position <= self._position:
            return b""
        self._position = position
        return b"id: %d-%d\n" % position


def as_message(element: str, html: str) -> bytes:
    """Write an element as lines of an event: a partial that is morphed into the element of that id."""
    partial = f'<hx-partial hx-target="#{escape(element)}" hx-swap="outerMorph">{html}</hx-partial>'
    lines = partial.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"".join(b"data: %s\n" % line.encode() for line in lines)


def as_position(text: str) -> Position | None:
    """Read an id of the stream; None if it is none."""
    time, _, number = text.partition("-")
    digits = all(part.isascii() and part.isdigit() and len(part) <= 20 for part in (time, number))
    return (int(time), int(number)) if digits else None
