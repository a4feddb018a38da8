"""The settings of what is measured on simulated hosts, which a watcher's processes can open too: they have no Django."""

from __future__ import annotations

from bench.simulated import *  # noqa: F403
from bench.simulated import VAR
from tests.integration.watcher.simulated import FACTORY

GATEWAY = FACTORY
SOCKET_DIRS = [str(VAR / "hosts")]
