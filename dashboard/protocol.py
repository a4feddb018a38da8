"""How the web server reads requests: by httptools, which is fast but of itself takes a head of any length."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 64 * 1024  # bytes of a request's first line and headers


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a request whose head does not end, before it fills the memory."""

    _in_head = True
    _head = 0

    def data_received(self, data: bytes) -> None:
        """Read on."""
        in_head = self._in_head
        super().data_received(data)
        if in_head and self._in_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > HEAD:
                self.send_400_response(f"The head of a request may have {HEAD} bytes at most.")

    def on_headers_complete(self) -> None:
        """Go on with the body, which may be of any length."""
        self._in_head, self._head = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect another request."""
        self._in_head = True
        super().on_message_complete()
