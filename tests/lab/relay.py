"""A network path to a local socket: a port whose packets can be lost for a while."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.waiting import LONG


class Relay:
    """Passes everything on in both directions, but for the time in which it is cut; then nothing, without an error."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._whole = threading.Event()
        self._whole.set()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._start(self._accept)

    def cut(self) -> None:
        """Lose what is sent from now on until :meth:`mend`, as TCP does: it arrives afterwards."""
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        """Break every connection, and wait for the end of it all."""
        self.mend()
        for end in [self._server, *self._ends]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(LONG)

    def _start(self, work, *arguments: socket.socket) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                self._ends += [near, far]
                far.connect(self._target)
                self._start(self._pass_on, near, far)
                self._start(self._pass_on, far, near)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._whole.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
