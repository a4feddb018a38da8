"""The address of the streams: a small ASGI application beside Django, because a view would cost a thread each."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import Error

from domains.push.client import Client
from domains.push.hub import Hub

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_LIFE = 900.0  # seconds; the browser comes back with its cursor
RETRY = (b"retry-after", b"5")  # seconds
TOPICS = 64  # a page of a list names each of its rows

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Refused(Exception):
    """The stream is not opened: an HTTP status, a sentence and headers of the answer."""

    def __init__(self, status: int, sentence: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


class Asked(NamedTuple):
    """What is kept of a request for as long as its stream is open."""

    session: str
    topics: frozenset[str]
    cursor: str


class EventStreams:
    """``GET /events?topic=...&topic=...&since=...``: what changes, as events whose data htmx morphs into the page.

    Never answers with a redirect or 204: to htmx those are streams that ended, and it would be back at once.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            asked = _asked(ASGIRequest(scope, BytesIO()))
            await self._admitted(asked, receive, send)
        except Refused as refused:
            await _refuse(refused, send)

    async def _admitted(self, asked: Asked, receive: Receive, send: Send) -> None:
        if not self._hub.admit(asked.session):
            raise Refused(503, "Too many streams are open. Try again in a moment.", RETRY)
        try:
            try:
                authorised = await self._hub.authorise(asked.session, asked.topics)
            except Error as error:
                raise Refused(503, "The database does not answer. Try again in a moment.", RETRY) from error
            if authorised is None:
                raise Refused(403, "Sign in to be told of changes.")
            async with self._hub.stream(*asked, *authorised) as client:
                await _stream(client, receive, send)
        finally:
            self._hub.dismiss(asked.session)


def _asked(request: ASGIRequest) -> Asked:
    """Read what is asked for; raise ``Refused`` for a request that cannot be meant."""
    try:
        request.get_host()
    except DisallowedHost as error:
        raise Refused(400, "This is not a name of this server.") from error
    if request.method != "GET":
        raise Refused(405, "Streams are only read.", (b"allow", b"GET"))
    topics = frozenset(request.GET.getlist("topic"))
    if not 1 <= len(topics) <= TOPICS:
        raise Refused(400, f"Name 1 to {TOPICS} topics.")
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not session:
        raise Refused(403, "Sign in to be told of changes.")
    return Asked(session, topics, request.headers.get("Last-Event-ID") or request.GET.get("since", ""))


async def _refuse(refused: Refused, send: Send) -> None:
    body = f"{refused}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *refused.headers,
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _stream(client: Client, receive: Receive, send: Send) -> None:
    # Not all at once: after a restart everybody came in the same moment.
    end = time.monotonic() + MAX_LIFE * random.uniform(0.8, 1)  # noqa: S311  # spreads load, guards nothing
    gone = asyncio.create_task(_end_when_gone(client, receive))
    try:
        async with client.limit:
            client.sending()
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await _send_part(client, send, b": open\n\n")
            while not client.ended and time.monotonic() < end:
                await client.wake.wait()
                if not client.ended:
                    await _send_part(client, send, client.take())
            client.sending()
            await send({"type": "http.response.body", "body": client.last_words()})
    except TimeoutError:
        pass  # a browser that takes nothing any more; it comes back with its cursor if it lives
    finally:
        gone.cancel()


async def _send_part(client: Client, send: Send, body: bytes) -> None:
    client.sending()
    await send({"type": "http.response.body", "body": body, "more_body": True})
    client.sent()


async def _end_when_gone(client: Client, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.end()
