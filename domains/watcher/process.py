"""A child process as its parent has it: started, talked to, ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path

import structlog

from domains.watcher.messages import Message, Open, decode, encode

_ROOT = Path(__file__).resolve().parent.parent.parent
_CHUNK = 1 << 16
_GRACE_SECONDS = 0.3

logger = structlog.get_logger(__name__)


class Wake:
    """Lets another thread end a wait at once, and every later one."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()

    def fileno(self) -> int:
        """Give what becomes readable, and stays so, once this was set."""
        return self._reader.fileno()

    def set(self) -> None:
        """End the wait. Harmless where nobody waits any more."""
        with contextlib.suppress(OSError):
            self._writer.send(b"!")

    def close(self) -> None:
        """Give the descriptors back."""
        self._reader.close()
        self._writer.close()


class ChildProcess:
    """One running child. Not for several threads at once."""

    def __init__(self, order: Open, wake: Wake) -> None:
        self.ended = False
        self._rest = b""
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)  # orders are few: they fit the buffer unless the child is stuck
        with theirs:
            end = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "domains.watcher.child"],
                stdin=end,
                stdout=end,
                cwd=_ROOT,
                process_group=0,  # with what libvirt starts in it: an ssh that waits for a silent host outlives it
            )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._selector.register(wake, selectors.EVENT_READ)
        self.send(order)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, message: Message) -> None:
        """Send one message; a child that no longer takes any has ended."""
        try:
            self._socket.sendall(encode(message))
        except OSError as error:
            logger.warning("a child takes no more orders", pid=self.pid, error=str(error))
            self.ended = True

    def receive(self, timeout: float) -> list[Message]:
        """Give what the child has said, after at most ``timeout`` seconds; nothing at once if woken."""
        data = self._rest
        if any(key.fileobj is self._socket for key, _ in self._selector.select(timeout)):
            data += self._available()
        *lines, self._rest = data.split(b"\n")
        return [decode(line) for line in lines]

    def close(self) -> None:
        """End the child: by the end of its orders, and if that does not help by force."""
        self._selector.close()
        self._socket.close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            logger.debug("killed a child that did not end", pid=self.pid)  # each one that a hung host holds
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _available(self) -> bytes:
        """Read all that is there, so that no sign of life is overlooked in a long queue."""
        chunks = []
        try:
            while chunk := self._socket.recv(_CHUNK):
                chunks.append(chunk)
            self.ended = True
        except BlockingIOError:
            pass
        except OSError:
            self.ended = True
        return b"".join(chunks)
