"""Settings for workers that run as processes of their own: as the tests', with simulated hosts."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403

GATEWAY = "tests.integration.simulated.open_gateway"  # by name: it needs models, which need these settings
CELERY_TASK_SOFT_TIME_LIMIT = None  # a call that hangs in libvirt does not hear it, one that sleeps does
CELERY_TASK_TIME_LIMIT = int(os.environ.get("TESTS_TIME_LIMIT", "75"))
