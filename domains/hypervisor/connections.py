"""The open connections of a process: opened when first needed, kept, and opened anew after they broke."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from domains.hypervisor.errors import ConnectionLost, HostUnreachable
from domains.hypervisor.gateway import Gateway

logger = logging.getLogger(__name__)


class OpenGateway(Protocol):
    """How a gateway is opened: the signature of ``libvirt_gateway.open_gateway``."""

    def __call__(self, uri: str, *, readonly: bool, monitor: bool = False) -> Gateway:
        """Open a connection. Raises ``HostUnreachable``."""


class Connections:
    """The connections of one process to any number of hosts. Threads may share it; a forked child starts anew.

    What a parent process had open stays untouched in its child: closing it there would break the parent's.
    """

    def __init__(self, open_gateway: OpenGateway) -> None:
        self._open_gateway = open_gateway
        self._lock = threading.Lock()
        self._gateways: dict[tuple[int, str, bool, bool], Gateway] = {}

    def gateway_for(self, uri: str, *, readonly: bool = False, monitor: bool = False) -> Gateway:
        """Give this process's connection to a host, opened if there is none. Raises ``HostUnreachable``.

        Opening may hang for ever on a sick host, and then holds up this process's other first openings too:
        call it only in a process that may be killed.
        """
        key = (os.getpid(), uri, readonly, monitor)
        with self._lock:
            gateway = self._gateways.get(key)
            if gateway is None:
                gateway = self._gateways[key] = self._open(uri, readonly, monitor)
            return gateway

    def _open(self, uri: str, readonly: bool, monitor: bool) -> Gateway:
        try:
            return self._open_gateway(uri, readonly=readonly, monitor=monitor)
        except HostUnreachable as error:
            logger.warning("Could not open %r: code %s, %s", uri, error.code, error.said or error.text)
            raise

    @contextmanager
    def using(self, uri: str, *, readonly: bool = False, monitor: bool = False) -> Iterator[Gateway]:
        """Lend the connection; one that breaks meanwhile is forgotten, so that the next use opens a new one."""
        gateway = self.gateway_for(uri, readonly=readonly, monitor=monitor)
        try:
            yield gateway
        except ConnectionLost:
            self.forget(gateway)
            raise

    def forget(self, gateway: Gateway) -> None:
        """Drop a broken connection without talking to its host."""
        with self._lock:
            for key in [key for key, known in self._gateways.items() if known is gateway]:
                del self._gateways[key]

    def close(self) -> None:
        """Close what this process has open."""
        with self._lock:
            mine = [key for key in self._gateways if key[0] == os.getpid()]
            for gateway in [self._gateways.pop(key) for key in mine]:
                gateway.close()
