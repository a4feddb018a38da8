"""Settings for watchers that run as processes of their own: as the tests', with simulated hosts."""

from __future__ import annotations

from tests.integration.watcher.simulated import FACTORY
from tests.settings import *  # noqa: F403

GATEWAY = FACTORY
