"""The product's settings with simulated hosts, whose files lie in the data folder: a hypervisor that takes no time."""

from __future__ import annotations

from bench.settings import *  # noqa: F403
from dashboard.settings import VAR  # noqa: TID251

GATEWAY = "tests.integration.simulated.open_gateway"
SOCKET_DIRS = [str(VAR)]
