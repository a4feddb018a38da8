"""One connection to a simulated host: what every call of the gateway needs first."""

from __future__ import annotations

import sqlite3
import threading

from domains.hypervisor.errors import Change, ConnectionLost, GatewayError, translate
from tests.simulated_body import Body
from tests.simulated_host import SimulatedHost


class SimulatedConnection:
    """The state of one connection."""

    def __init__(self, host: SimulatedHost, *, readonly: bool = False, monitor: bool = False) -> None:
        self.host = host
        self._readonly = readonly
        self._monitor = monitor and not readonly
        self._closed = threading.Event()

    @property
    def alive(self) -> bool:
        with self.host.transaction() as db:
            return bool(self.host.settings(db)["reachable"]) and not self._closed.is_set()

    def close(self) -> None:
        self._closed.set()

    def _settings(self) -> Body:
        with self.host.transaction() as db:
            settings = self.host.settings(db)
        if self._closed.is_set():
            raise GatewayError("The connection was closed.")
        if not settings["reachable"]:
            raise ConnectionLost("End of file while reading data: Input/output error", code=38)
        return settings

    def _body(self, uuid: str) -> Body:
        with self.host.transaction() as db:
            return self._load(db, uuid)

    def _load(self, db: sqlite3.Connection, uuid: str, asked: Change | None = None) -> Body:
        try:
            return self.host.load(db, uuid)
        except KeyError:
            raise translate(
                42, 10, f"Domain not found: no domain with matching uuid '{uuid}'", asked
            ) from None
