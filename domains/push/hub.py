"""The hub: one reader of the stream in each web process, fanning out to all streams that are open there."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from django.db import Error
from redis.exceptions import RedisError

from domains.push.board import Heard
from domains.push.checks import end_where_changed
from domains.push.client import PENDING, Client, Progress, as_position
from domains.push.delivery import Delivery
from domains.push.figures import HubFigures
from domains.push.follower import Follower, names_row
from domains.push.listener import Listener, set_within
from domains.push.pulse import tend
from domains.push.rendering import Access, FindAccess, Pictures, Prime, Render, find_primes, render_all
from domains.push.rights import EVERYBODY, SESSION, session_key
from domains.push.threads import Threads
from domains.push.topics import named_uuids
from domains.push.usage import usage_keys

logger = structlog.get_logger(__name__)

RECHECK = 30.0  # seconds between two looks at everybody's rights
RETRY = 0.5  # seconds until the database is tried again
NEWS = 5.0  # seconds in which a stream that opens may have had its rights looked up before they changed
START_WAIT = 1.0  # seconds for Redis to answer before the first streams are opened
CANCEL_AGAIN = 0.2  # seconds
OPEN_EVERY = 2.0  # seconds between two words to the watchers about what is open
OPEN_FOR = 8  # seconds for which such a word holds
PER_SESSION = 10  # streams
PER_PROCESS = 5_000


class Hub:
    """Brings announcements to the open streams of this process, rendered once for each audience.

    ``render`` and ``find_access`` come from the pages; both are called in threads and may read the database.
    Everything else happens in the event loop in which ``start`` was awaited.
    """

    def __init__(self, *, url: str, render: Render, find_access: FindAccess) -> None:
        self.closing = False
        self._render = render
        self._find_access = find_access
        self._threads = Threads()
        self._follower = Follower(url)
        self._listener = Listener(self._follower, self._threads, hear=self._hear, attached=self._make_certain)
        self._delivery = Delivery()
        self._progress = Progress()
        self._admitted: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun = 0  # the number of the last batch that was taken up
        self._due: dict[str, Heard] = {}
        self._owed_since: float | None = None  # how long something that was heard has not been delivered
        self._primes: dict[Prime, None] = {}
        self._doubted: set[str] = set()
        self._doubts_heard = -NEWS
        self._work, self._look_now, self._attached = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        """Begin to follow the stream. Waits a moment for Redis, but goes on without it."""
        loops = (
            self._listener.follow,
            self._listener.compare,
            self._draw,
            self._look_at_rights,
            self._mark_open,
            partial(tend, self._delivery.clients),
        )
        for loop in loops:
            self._keep_running(loop)
        await set_within(self._attached, START_WAIT)

    def _keep_running(self, loop: Callable[[], Coroutine[None, None, None]]) -> None:
        task = asyncio.create_task(loop())
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, loop))

    def _ended(self, loop: Callable[[], Coroutine[None, None, None]], task: asyncio.Task[None]) -> None:
        """Go on after a fault that nobody foresaw: say it, and let all pages fetch what they missed by it."""
        self._tasks.discard(task)
        if not task.cancelled() and not self.closing:
            logger.error("the push hub stumbled; open pages are fetched again", exc_info=task.exception())
            self._resync_all()
            asyncio.get_running_loop().call_later(RETRY, self._keep_running, loop)

    def close(self) -> None:
        """End every stream and admit no more. To be called in the event loop."""
        self.closing = True
        for client in self._delivery.clients:
            client.end()

    async def stop(self) -> None:
        """End everything that ``start`` began."""
        self.close()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            # Not once only: before Python 3.12 ``wait_for``, by which the Redis client sends, may lose a cancellation.
            await asyncio.wait(self._tasks, timeout=CANCEL_AGAIN)
        await self._follower.close()
        self._threads.close()

    def figures(self) -> HubFigures:
        """Say how many streams are open, and how far behind they are. For any thread."""
        since = self._owed_since
        owed = 0.0 if since is None else time.monotonic() - since
        listener = self._listener
        return HubFigures(
            streams=len(self._delivery.clients),
            lag=max(listener.lag, owed),
            revision=listener.revision,
            attached=listener.reachable,
        )

    # Streams come and go

    def admit(self, session: str) -> bool:
        """Count a stream in, unless there are too many. Every admission is to be followed by a ``dismiss``."""
        full = self._admitted[session] >= PER_SESSION or self._admitted.total() >= PER_PROCESS
        if full or self.closing:
            return False
        self._admitted[session] += 1
        return True

    def dismiss(self, session: str) -> None:
        """Count a stream out."""
        self._admitted[session] -= 1
        if not self._admitted[session]:
            del self._admitted[session]

    async def authorise(self, session: str, topics: frozenset[str]) -> tuple[Access, list[Prime]] | None:
        """Look up who holds a session, and what is to be known of the topics. None for one who may not listen."""
        return await self._threads.run(self._authorise, session, topics)

    def _authorise(self, session: str, topics: frozenset[str]) -> tuple[Access, list[Prime]] | None:
        access = self._find_access([session]).get(session)
        if access is None or not access.may_subscribe(topics):
            return None
        return access, find_primes(access, topics)

    @asynccontextmanager
    async def stream(
        self, session: str, topics: frozenset[str], cursor: str, access: Access, primes: Iterable[Prime]
    ) -> AsyncIterator[Client]:
        """Keep a stream open that misses nothing after ``cursor``."""
        client = Client(session, access, topics, self._progress, self._begun + 1, time.monotonic())
        # Listening first and looking back second: what comes in between is then heard rather than lost.
        self._delivery.add(client)
        try:
            if self.closing:
                client.end()
            if time.monotonic() - self._doubts_heard < NEWS:
                self._doubt(session_key(session))
            self._primes.update(dict.fromkeys(self._delivery.unknown(primes)))
            self._work.set()
            await self._look_back(client, cursor)
            yield client
        finally:
            self._delivery.remove(client)

    async def _look_back(self, client: Client, cursor: str) -> None:
        certain = self._listener.certain  # before the look: what is announced from now on is heard
        try:
            since = await self._follower.since(as_position(cursor))
        except RedisError:
            client.uncertain = True
            client.ready = 0
            return
        # What was announced after this look, but before anybody listens (again), nobody hears of.
        client.uncertain = not self._listener.reachable
        keys = {entry.key for entry in since.missed if entry.names_row} if since else set()
        if since is None or len(keys) > PENDING:
            client.ready = 0
            client.resync()
            return
        client.known = min(since.known, certain)
        client.ready = self._begun + 1 if keys else 0
        self._enqueue(dict.fromkeys(keys, Heard()))  # of which it was heard when they came

    def _resync_all(self) -> None:
        for client in self._delivery.clients:
            client.resync()

    def _hear(self, key: str, heard: Heard) -> None:
        if key == EVERYBODY or key.startswith(SESSION):
            self._doubts_heard = time.monotonic()
            self._doubt(key)
        elif names_row(key):
            self._enqueue({key: heard})

    def _doubt(self, key: str) -> None:
        self._doubted.add(key)
        self._look_now.set()

    def _enqueue(self, keys: Mapping[str, Heard]) -> None:
        for key, heard in keys.items():
            self._due[key] = self._due.get(key, Heard()).and_then(heard)
        if self._due and self._owed_since is None:
            self._owed_since = time.monotonic()
        self._work.set()

    def _make_certain(self) -> None:
        """Redis is there: whoever came while it was not may lack what was announced before."""
        self._attached.set()
        self._progress.position = max(self._progress.position, self._listener.began)
        for client in self._delivery.clients:
            if client.uncertain:
                client.uncertain = False
                client.resync()

    # Keys become fragments

    async def _draw(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            self._begun += 1
            batch, position, began = self._begun, self._listener.position, time.monotonic()
            keys, primes = self._due, self._primes
            self._due, self._primes = {}, {}
            try:
                if self._delivery.clients and (keys or primes):
                    pictures = await self._pictures(keys, primes)
                    self._delivery.deliver(pictures, keys, batch=batch, now=time.monotonic())
            except Error as error:
                logger.warning("pages could not be brought up to date; trying again", error=str(error))
                self._enqueue(keys)
                self._primes = primes | self._primes
                await asyncio.sleep(RETRY)
                self._work.set()
                continue
            self._progress.batch, self._progress.position = batch, position
            self._owed_since = began if self._due else None

    async def _pictures(self, keys: Iterable[str], primes: Iterable[Prime]) -> Pictures:
        return await self._threads.run(
            render_all,
            self._render,
            keys=list(keys),
            primes=list(primes),
            accesses=self._delivery.accesses(),
            wanted=self._delivery.wanted,
        )

    # What is looked at, for the watchers, and what they tell of it

    async def _mark_open(self) -> None:
        while True:
            # Without Redis the watchers look at these domains in their turn, as at all others.
            with suppress(RedisError):
                await self._follower.mark_open(named_uuids(self._delivery.wanted), OPEN_FOR)
            await self._show_usage()
            await asyncio.sleep(OPEN_EVERY)

    async def _show_usage(self) -> None:
        keys = usage_keys(self._delivery.wanted)
        try:
            texts = await self._follower.values(list(keys.values()))
        except RedisError:
            texts = [None] * len(keys)
        for topic, text in zip(keys, texts, strict=True):
            self._delivery.show_usage(topic, text or "")

    # Whether everybody still may

    async def _look_at_rights(self) -> None:
        due = time.monotonic() + RECHECK
        while True:
            await set_within(self._look_now, due - time.monotonic())
            everybody = EVERYBODY in self._doubted or time.monotonic() >= due
            doubted, self._doubted = self._doubted, set()
            clients = [
                client
                for client in self._delivery.clients
                if everybody or session_key(client.session) in doubted
            ]
            try:
                await end_where_changed(self._threads, self._find_access, clients)
            except Error as error:
                logger.warning("rights could not be looked up", error=str(error))
            if everybody:
                due = time.monotonic() + RECHECK
