"""Many open streams at one web process: memory, how soon everybody sees a change, and what is lost when lines break."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.report import Row, limit, percentile
from bench.site import site

KB_EACH, P99_MS = 25, 200
VIEWERS = 1_000  # of one change
Samples = dict[str, list[float]]


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Measure with one web process, and all browsers played by one other process."""
    with site(folder) as running:
        done = subprocess.run(
            [sys.executable, "-m", "bench.inside", "viewers", str(running.port), str(running.pid)],
            env=running.environment,
            check=True,
            stdout=subprocess.PIPE,
        )
    samples: Samples = json.loads(done.stdout)
    return list(_rows(samples)), samples


def _rows(samples: Samples) -> Iterator[Row]:
    alone = samples["seen 1 1"]
    for name, values in samples.items():
        what, *sizes = name.split()
        if what == "seen":
            viewers, streams = map(int, sizes)
            for share, word in ((0.5, "p50"), (0.99, "p99")):
                yield limit(
                    f"{viewers:,} viewers of one change, {streams:,} streams: {word}",
                    percentile(values, share),
                    percentile(alone, share),
                    most=P99_MS if word == "p99" and viewers == VIEWERS else None,
                    unit="ms",
                )
        elif what == "memory":
            yield limit(f"memory of each of {int(sizes[0]):,} streams", values[0], 0, most=KB_EACH, unit="KB")
        else:
            lost, of = values
            yield limit(f"{name}: who misses something, of {of:,.0f}", lost, 0, most=0, unit="")
