"""The way between browser and server, which can go dead as a network does: without a word to either."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Passes bytes on between its own port and a server's."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._dead = False
        self._alive = threading.Event()  # of the connections that are passed on now
        self._alive.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Pass nothing on any more. Connections stay open, also new ones, and nothing ever comes through them."""
        self._alive.clear()
        self._dead = True

    def mend(self) -> None:
        """Pass new connections on again; those of before stay dead."""
        self._alive = threading.Event()
        self._alive.set()
        self._dead = False

    def close(self) -> None:
        """End everything."""
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                if not self._dead:
                    far = socket.create_connection(("127.0.0.1", self._target))
                    self._sockets.append(far)
                    for source, sink in ((near, far), (far, near)):
                        args = (source, sink, self._alive)
                        threading.Thread(target=self._pass, args=args, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, alive: threading.Event) -> None:
        with suppress(OSError):  # closed by the other half, or at the end
            while data := source.recv(65536):
                if alive.is_set():
                    sink.sendall(data)
            if alive.is_set():
                sink.shutdown(socket.SHUT_WR)
