"""The product's settings, with one more page: an empty one, to which others are compared."""

from __future__ import annotations

from dashboard.settings import *  # noqa: F403, TID251  # the product's settings are what is measured
from dashboard.settings import STORAGES  # noqa: TID251

ROOT_URLCONF = "bench.urls"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
LOG_LEVEL = "ERROR"
LOGGING = {"level": LOG_LEVEL}
