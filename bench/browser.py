"""One browser as the measurement of streams plays it: a stream, the slots that it shows, and coming back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time

SLOTS = range(8)
RETRY = 0.5  # seconds, as htmx begins
_NEWS = re.compile(rb'id="slot-(\d)" data-live="(\d)"')
_ID = re.compile(rb"^id: (\d+-\d+)$", re.MULTILINE)
_SINCE = re.compile(rb"/events\?[^\"]*since=(\d+-\d+)")


class Browser:
    """Follows one guest. ``shown`` is slot to whether it is present, ``turned`` when it last turned (monotonic)."""

    def __init__(self, port: int, session: str, page: str, topic: str, cursor: str) -> None:
        self.shown: dict[int, bool] = {}
        self.turned: dict[int, float] = {}
        self.opened = asyncio.Event()
        self._port, self._page, self._topic = port, page, topic
        self._cookie = f"sessionid={session}"
        self._cursor = cursor
        self._writer: asyncio.StreamWriter | None = None
        self._task = asyncio.create_task(self._follow())

    def cut(self) -> None:
        """Break the connection; it comes back by itself."""
        if self._writer:
            self._writer.close()

    async def close(self) -> None:
        """Close the page."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                if await self._listen():
                    continue
            await asyncio.sleep(RETRY * random.uniform(0.7, 1.3))  # noqa: S311  # spreads load, as htmx does

    async def _listen(self) -> bool:
        """Follow one stream to its end; say whether the page was fetched anew, and listens from where it was made."""
        headers = f"Last-Event-ID: {self._cursor}\r\n" if self.opened.is_set() else ""
        reader, self._writer = await self._ask(f"/events?topic={self._topic}&since={self._cursor}", headers)
        try:
            if b" 200 " not in await reader.readline():
                return False
            await reader.readuntil(b": open\n\n")
            self.opened.set()
            while not await self._take(await reader.readuntil(b"\n\n")):
                pass
            return True
        finally:
            self._writer.close()

    async def _take(self, event: bytes) -> bool:
        moment = time.monotonic()
        if found := _ID.search(event):
            self._cursor = found[1].decode()
        if b"event: resync" in event:
            while not await self.load():  # a page that lacks something asks again, too
                await asyncio.sleep(RETRY)
            return True
        self._show(event, moment)
        return False

    async def load(self) -> bool:
        """Fetch the page, as the browser does when it is told that it missed too much; say whether it came."""
        with contextlib.suppress(OSError):
            reader, writer = await self._ask(self._page, "Connection: close\r\n")
            page = await reader.read()
            writer.close()
            if b" 200 " in page.partition(b"\n")[0] and b"</html>" in page:
                self._show(page, time.monotonic())
                if found := _SINCE.search(page):
                    self._cursor = found[1].decode()
                return True
        return False

    def _show(self, html: bytes, moment: float) -> None:
        for slot, live in _NEWS.findall(html):
            number, present = int(slot), live == b"1"
            if self.shown.get(number) is not present:
                self.shown[number], self.turned[number] = present, moment

    async def _ask(self, path: str, headers: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {self._cookie}\r\n{headers}\r\n".encode()
        )
        await writer.drain()
        return reader, writer
