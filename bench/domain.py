"""The page of one guest: its time beside that of an empty page, its size and its queries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.parts import Parts, Samples
from bench.report import Row, limit, percentile, times

# By page: times the frame, and KB. None where only the growth is of interest.
GOALS: dict[str, tuple[float | None, float | None]] = {
    "8 slots": (3, 30),
    "256 slots": (None, None),
    "4,096 slots": (6, 120),
    "4,096 slots, a socket opened": (8, None),
}
QUERIES = 8


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Measure on an SQLite file in ``folder``."""
    part = Parts(folder / "page.sqlite3", "")
    part.migrate()
    samples = part.run("slots")
    return list(_rows(samples)), samples


def _rows(samples: Samples) -> Iterator[Row]:
    for page, (most_times, most_kb) in GOALS.items():
        frame, own = (percentile(samples[f"{page}: {what}"], 0.5) for what in ("frame", "page"))
        (size,), (queries,) = (samples[f"{page}: {what}"] for what in ("KB", "queries"))
        (smallest,) = samples["8 slots: KB"]
        yield times(f"{page}: time", own, frame, most=most_times)
        yield limit(f"{page}: size", size, smallest, most=most_kb, unit="KB")
        yield limit(f"{page}: queries", queries, 0, most=QUERIES, unit="")
