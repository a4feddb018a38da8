"""The fleet page at ten, a thousand and fifty thousand domains, for somebody who sees all and one with patterns.

Each size is a database of its own. The sizes take turns, so that all see the same machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.parts import Parts, Samples
from bench.report import Row, limit, percentile, times

SIZES = (10, 1_000, 50_000)
TURNS = 3
JUDGED = ("page 500", "counts", "search, one hit")  # against the same at a thousand
TIMES_AS_LONG, MOST_KB, MOST_QUERIES = 2, 60, 8


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Measure on SQLite files in ``folder``."""
    parts = {size: Parts(folder / f"{size}.sqlite3", "") for size in SIZES}
    for size, part in parts.items():
        part.migrate()
        part.run("crowd", str(size))
    found: dict[int, defaultdict[str, list[float]]] = {size: defaultdict(list) for size in SIZES}
    for _ in range(TURNS):
        for size, part in parts.items():
            for name, values in part.run("lists").items():
                found[size][name] += values
    samples = {f"{size:,}: {name}": values for size in SIZES for name, values in found[size].items()}
    return list(rows(found)), samples


def rows(found: Mapping[int, Mapping[str, list[float]]]) -> Iterator[Row]:
    """Judge the largest size beside the middle one, and show how the first page grows beside an empty one."""
    _, middle, largest = SIZES
    asked = [name.removesuffix(": page") for name in found[largest] if name.endswith(": page")]
    for about in asked:
        here, there = (percentile(found[size][f"{about}: page"], 0.5) for size in (largest, middle))
        judged = about.partition(": ")[2] in JUDGED
        what = f"{about}, {largest:,} beside {middle:,}"
        yield times(what, here, there, most=TIMES_AS_LONG if judged else None)
    for figure, unit, most in (("KB", "KB", MOST_KB), ("queries", "", MOST_QUERIES)):
        for size in SIZES:
            values = {about: max(found[size][f"{about}: {figure}"]) for about in asked}
            worst = max(values, key=lambda about: values[about])
            baseline = max(found[middle][f"{worst}: {figure}"])
            yield limit(f"{size:,}, most {figure} ({worst})", values[worst], baseline, most=most, unit=unit)
    for size in SIZES:
        page, frame = (
            percentile(found[size][f"administrator: first page: {what}"], 0.5) for what in ("page", "frame")
        )
        yield times(f"{size:,}: first page beside the frame", page, frame, most=None)
