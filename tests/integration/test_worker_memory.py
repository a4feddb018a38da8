"""What a worker has in memory."""

from __future__ import annotations

import subprocess
import sys

from django.conf import settings

LOADING = """
import sys
from dashboard.celery import app
app.loader.import_default_modules()
print(*sys.modules)
"""


def test_a_worker_loads_its_tasks_and_neither_pages_nor_the_api():
    done = subprocess.run(
        [sys.executable, "-c", LOADING], cwd=settings.BASE_DIR, check=True, stdout=subprocess.PIPE, text=True
    )
    loaded = set(done.stdout.split())

    assert "domains.operations.tasks" in loaded
    assert loaded.isdisjoint({"dashboard.urls", "domains.web.domain", "ninja", "pydantic"})
