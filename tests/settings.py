"""Settings for the tests: the product's own, with everything that is stored in a folder that goes away."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _forget(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


# The first process makes the folder and forgets what its caller configured; the processes that tests start
# inherit the folder, and with DATABASE_URL the database that a fixture chose for them.
if "SLOTBOARD_TESTS" not in os.environ:
    folder = Path(tempfile.mkdtemp(prefix="slotboard-tests-"))
    atexit.register(_forget, folder, os.getpid())
    for name in [*os.environ]:
        ours = name in {"DATABASE_URL", "REDIS_URL"} or name.startswith("SLOTBOARD_")
        if ours and not name.startswith("SLOTBOARD_LAB_"):
            del os.environ[name]
    os.environ["SLOTBOARD_TESTS"] = "1"
    os.environ["SLOTBOARD_VAR"] = str(folder)

from dashboard.settings import *  # noqa: E402, F403, TID251  # the product's settings are what is tested
from dashboard.settings import DATABASES, STORAGES, VAR  # noqa: E402, TID251

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A file, since several threads and processes of one test use it.
DATABASES["default"]["TEST"] = {"NAME": str(VAR / "template.sqlite3")}
# Nothing is collected for tests that render pages without a server.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405  # WhiteNoise warns of a folder that is missing
