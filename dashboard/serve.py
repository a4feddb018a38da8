"""The web server: uvicorn in one process, ending within a moment although streams never end by themselves."""

from __future__ import annotations

import asyncio
import gc
import socket
from types import FrameType

import uvicorn
from django.conf import settings

from dashboard.asgi import application, hub
from dashboard.metrics import listener
from dashboard.protocol import BoundedProtocol
from dashboard.sideserver import SideServer, bind
from domains.push.hub import Hub

# To look through everything for garbage halts all streams, for a third of a second where thousands are open. What was
# loaded by the start is left out of it, and it is done a tenth as often as Python would.
GARBAGE = (700, 10, 100)
GRACE = 3  # seconds for requests that are under way when the server is told to end


class Server(uvicorn.Server):
    """Closes the open streams at the signal; uvicorn alone would wait for them. ``side`` lives as long as this."""

    def __init__(self, config: uvicorn.Config, hub: Hub, side: SideServer | None) -> None:
        super().__init__(config)
        self._hub = hub
        self._side = side

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Remember the event loop, in which streams are to be closed."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self._side:
            self._side.begin()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, both of them."""
        if self._side:
            await self._side.end()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on a signal."""
        if self.started:
            self._loop.call_soon_threadsafe(self._hub.close)
        super().handle_exit(sig, frame)


def serve(host: str, port: int) -> None:
    """Serve pages and streams, and figures where that is wanted, until a signal comes. Raises ``CannotStart``."""
    address = settings.METRICS_LISTEN
    side = SideServer(listener, bind(address)) if address else None
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        http=BoundedProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whoever may say where a request comes from could otherwise write any address into the history.
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        timeout_graceful_shutdown=GRACE,
    )
    Server(config, hub, side).run()
