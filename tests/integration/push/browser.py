"""A browser's side of a stream, and a small board of slots to look at through it."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import NoReturn
from urllib.parse import urlencode

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from domains.models import Domain, Host
from domains.models.revision import current_revision, next_revision
from domains.models.scope import Guest, HostGuests
from domains.push.follower import Follower
from domains.push.hub import Hub
from domains.push.sse import EventStreams
from domains.push.stream import publish
from tests.waiting import LONG

SLOTS = 8


def in_loop(test: Callable[..., Coroutine[None, None, None]]) -> Callable[..., None]:
    """Run an asynchronous test."""

    @wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def make_domain(name: str = "web01") -> Domain:
    moment = timezone.now()
    host, _ = Host.objects.get_or_create(slug="h1", defaults={"state_since": moment})
    with transaction.atomic():
        return Domain.objects.create(
            host=host,
            uuid=uuid.uuid4(),
            name=name,
            pinning=dict.fromkeys(map(str, range(SLOTS)), "absent"),
            synced_at=moment,
            revision=next_revision(),
        )


def change(domain: Domain, slot: int, state: str, *, announce: bool = True) -> None:
    """Write a slot's state as the product does: revision first, announcement on commit."""
    with transaction.atomic():
        revision = next_revision()
        slots = Domain.objects.get(pk=domain.pk).pinning
        slots[str(slot)] = state
        Domain.objects.filter(pk=domain.pk).update(pinning=slots, revision=revision)
        if announce:
            publish(f"domain:{domain.pk}", revision)


@dataclass(frozen=True)
class Drawn:
    guest: Guest | None
    revision: int
    fragments: dict[str, dict[str, str]]
    host_guests: HostGuests | None = None


def render(key: str, audience: str, wanted: frozenset[str]) -> Drawn | None:
    """Draw a domain's slots, for those who may change with a button."""
    kind, _, number = key.partition(":")
    domain = Domain.objects.filter(pk=number).first() if kind == "domain" else None
    if domain is None:
        return None
    tag = "button" if audience == "change" else "span"
    slots = {f"slot-{n}": f'<{tag} id="slot-{n}">{state}</{tag}>' for n, state in domain.pinning.items()}
    topic = f"domain:{domain.uuid}"
    guest = Guest(domain.pk, domain.host_id, domain.name)
    return Drawn(guest, domain.revision, {topic: slots} if topic in wanted else {})


@dataclass(frozen=True)
class Person:
    user_id: int
    right: str | None = "change"

    def audience(self, guest: Guest | None) -> str | None:
        return self.right

    def knows_host(self, guests: HostGuests) -> bool:
        return True

    def may_subscribe(self, topics: frozenset[str]) -> bool:
        return "domain:secret" not in topics


class People:
    """Who is signed in: session to person."""

    def __init__(self) -> None:
        self.sessions = {
            "alice": Person(1),
            "bob": Person(2),
            "vera": Person(3, "see"),
            "nora": Person(4, None),
        }

    def __call__(self, sessions: Collection[str]) -> dict[str, Person]:
        return {session: self.sessions[session] for session in sessions if session in self.sessions}


@dataclass
class Event:
    """One event of a stream. ``slots`` is element to text."""

    id: str = ""
    event: str = ""
    data: str = ""
    slots: dict[str, str] = field(default_factory=dict)


class Stream:
    """One open stream, read as htmx reads it."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.last_id = ""
        self.slots: dict[str, str] = {}
        self.body = b""
        self.ended = False
        self._rest = ""
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._incoming: asyncio.Queue[dict] = asyncio.Queue()
        self._begun = asyncio.Event()
        self.taking = asyncio.Event()
        self.taking.set()

    async def receive(self) -> dict:
        return await self._incoming.get()

    async def send(self, message: dict) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self._begun.set()
            return
        await self.taking.wait()
        self.body += message.get("body", b"")
        self._read(message.get("body", b"").decode())
        if not message.get("more_body"):
            self.ended = True
            self._events.put_nowait(None)

    def _read(self, text: str) -> None:
        *blocks, self._rest = (self._rest + text).split("\n\n")
        for block in blocks:
            event = Event()
            data = []
            for line in block.split("\n"):
                name, _, value = line.partition(": ")
                if name == "data":
                    data.append(value)
                elif name in {"id", "event"}:
                    setattr(event, name, value)
            event.data = "\n".join(data)
            event.slots = dict(
                re.findall(r'hx-target="#([\w-]+)" hx-swap="outerMorph"><[^>]+>(\w+)<', event.data)
            )
            self.last_id = event.id or self.last_id
            self.slots |= event.slots
            if event.data:
                self._events.put_nowait(event)

    async def next(self, timeout: float = LONG) -> Event | None:
        """Give the next event with data, None at the end of the stream."""
        async with asyncio.timeout(timeout):
            return await self._events.get()

    async def until(self, condition: Callable[[], object], timeout: float = LONG) -> None:
        """Wait until the page looks as it should."""
        async with asyncio.timeout(timeout):
            while not condition():
                await asyncio.sleep(0.01)

    async def silence(self, seconds: float = 0.3) -> None:
        """See to it that nothing comes."""
        await asyncio.sleep(seconds)
        assert self._events.empty(), self._events.get_nowait()


async def caught_up(hub: Hub) -> None:
    """Wait until all that the database holds is with the streams."""
    upto = await in_thread(current_revision)
    async with asyncio.timeout(LONG):
        while hub.figures().revision < upto or hub._owed_since is not None:
            await asyncio.sleep(0.01)


async def primed(hub: Hub) -> None:
    """Wait until the hub knows how the open pages look."""
    boards = hub._delivery._boards
    async with asyncio.timeout(LONG):
        while not boards or not all(board.primed for board in boards.values()):
            await asyncio.sleep(0.01)


async def out_of_reach(follower: Follower, _: object) -> NoReturn:
    """Stand in for what asks Redis, as if that were away."""
    raise RedisError("Connection refused.")


async def in_thread(function, *args, **kwargs):
    """Call something that uses the database."""

    def call():
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(call)


@asynccontextmanager
async def running_hub(people: People | None = None, render=render) -> AsyncIterator[Hub]:
    hub = Hub(url=settings.REDIS_URL, render=render, find_access=people or People())
    await hub.start()
    await asyncio.sleep(0.05)
    try:
        yield hub
    finally:
        await hub.stop()


@asynccontextmanager
async def open_stream(
    hub: Hub,
    *topics: str,
    since: str | None = None,
    last_event_id: str | None = None,
    session: str | None = "alice",
    host: str = "localhost",
    method: str = "GET",
) -> AsyncIterator[Stream]:
    """Open a stream, and close the connection at the end."""
    query = [("topic", topic) for topic in topics] + ([("since", since)] if since is not None else [])
    headers = [(b"host", host.encode())]
    if session is not None:
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))
    if last_event_id is not None:
        headers.append((b"last-event-id", last_event_id.encode()))
    scope = {
        "type": "http",
        "method": method,
        "path": "/events",
        "query_string": urlencode(query).encode(),
        "headers": headers,
    }
    stream = Stream()
    task = asyncio.create_task(EventStreams(hub)(scope, stream.receive, stream.send))
    try:
        async with asyncio.timeout(LONG):
            await stream._begun.wait()
        yield stream
    finally:
        stream._incoming.put_nowait({"type": "http.disconnect"})
        stream.taking.set()
        await task
