"""The simulator as a watcher's child opens it: without Django, which those processes must not need."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.simulated_host import SimulatedHost
from tests.simulator import SimulatedGateway
from tests.simulator import open_gateway as open_simulated

FACTORY = f"{__name__}.open_gateway"


def open_gateway(uri: str, *, readonly: bool, monitor: bool = False) -> SimulatedGateway:
    """Open the host in the file that the address gives as its socket."""
    (path,) = parse_qs(urlsplit(uri).query)["socket"]
    return open_simulated(SimulatedHost(Path(path)).uri, readonly=readonly, monitor=monitor)
