"""Parts of a measurement, each in a process of its own, on one database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

Samples = dict[str, list[float]]


class Parts:
    """Runs parts of the measurement in processes that use one database."""

    def __init__(self, file: Path, database: str, settings: str = "bench.settings") -> None:
        self.environment = os.environ | {
            "DATABASE_URL": database or f"sqlite:///{file}",
            "DJANGO_SETTINGS_MODULE": settings,
            "SLOTBOARD_VAR": str(file.parent),
        }

    def migrate(self) -> None:
        """Make the tables."""
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=self.environment, check=True)

    def run(self, *part: str) -> Samples:
        """Run one part and give its samples."""
        done = subprocess.run(
            [sys.executable, "-m", "bench.inside", *part],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
        )
        samples: Samples = json.loads(done.stdout)
        return samples
