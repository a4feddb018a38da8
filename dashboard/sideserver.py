"""A second, small server beside the pages' own in the same process: what Prometheus asks without a token."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from dashboard.protocol import BoundedProtocol
from dashboard.supervise import CannotStart

AT_ONCE = 8  # connections; a scrape waits for the database, and more than one Prometheus are rare
_MODE = 0o660


def bind(address: tuple[str, int] | Path) -> socket.socket:
    """Bind the address that ``SLOTBOARD_METRICS_LISTEN`` names. Raises :class:`CannotStart`."""
    try:
        return _unix(address) if isinstance(address, Path) else _tcp(*address)
    except OSError as error:
        named = f"unix:{address}" if isinstance(address, Path) else "{}:{}".format(*address)
        raise CannotStart(
            f"SLOTBOARD_METRICS_LISTEN is {named}, which cannot be listened on: {error.strerror or error}."
        ) from error


def _tcp(host: str, port: int) -> socket.socket:
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(where[:2], family=family)


def _unix(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    try:
        if _is_left_behind(path):
            path.unlink()
        listening.bind(str(path))
        path.chmod(_MODE)
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def _is_left_behind(path: Path) -> bool:
    """Whether there is a socket on which nobody listens any more."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) != 0


class SideServer(uvicorn.Server):
    """Serves one small application in the loop of another server, which hears the signals for both."""

    def __init__(self, application: object, listening: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                application,  # type: ignore[arg-type]  # uvicorn knows no type for what takes a scope of any kind
                http=BoundedProtocol,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=AT_ONCE,
                timeout_graceful_shutdown=1,
            )
        )
        self._listening = listening
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to answer. To be called in the event loop."""
        self._task = asyncio.create_task(self.serve(sockets=[self._listening]))

    async def end(self) -> None:
        """Stop answering."""
        self.should_exit = True
        if self._task:
            await self._task

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the other server."""
        yield
