"""The product's settings as it is served, compressed and hashed static files included, with one more page: an empty one."""

from __future__ import annotations

from dashboard.settings import *  # noqa: F403, TID251  # the product's settings are what is measured

ROOT_URLCONF = "bench.urls"
LOG_LEVEL = "ERROR"
LOGGING = {"level": LOG_LEVEL}
