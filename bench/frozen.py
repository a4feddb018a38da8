"""One host of several freezes: what that costs pages, and operations on the others. Hosts are simulated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.report import Row, limit, percentile, times
from bench.site import site

SHOWN_SECONDS = 20
TIMES_HEALTHY = 1.2
Samples = dict[str, list[float]]
_CELERY = ("-m", "celery", "--app", "dashboard.celery", "--quiet", "worker", "--queues", "default")


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Run web, worker and watcher, and play the people in one more process."""
    with site(folder, settings="bench.freezable") as running, _others(running.environment):
        done = subprocess.run(
            [sys.executable, "-m", "bench.inside", "freezing", str(running.port)],
            env=running.environment,
            check=True,
            stdout=subprocess.PIPE,
        )
    samples: Samples = json.loads(done.stdout)
    return list(_rows(samples)), samples


@contextmanager
def _others(environment: dict[str, str]) -> Iterator[None]:
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    commands = [(*_CELERY, *quiet), ("manage.py", "watcher")]
    processes = [subprocess.Popen([sys.executable, *command], env=environment) for command in commands]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def _rows(samples: Samples) -> Iterator[Row]:
    for what in sorted({name.partition(", ")[0] for name in samples if ", healthy" in name}):
        healthy, frozen = samples[f"{what}, healthy"], samples[f"{what}, one frozen"]
        yield times(
            f"{what}, one host frozen: p95",
            percentile(frozen, 0.95),
            percentile(healthy, 0.95),
            most=TIMES_HEALTHY,
        )
    yield limit("frozen host shown as such, at most", max(samples["shown"]), 0, most=SHOWN_SECONDS, unit="s")
    yield limit("settled after its return, at most", max(samples["settled"]), 0, most=None, unit="s")
