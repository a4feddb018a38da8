"""The operation history at a thousand and at a million entries: appending, finding, verifying, exporting.

Each part runs in a process of its own on a database of its own, which needs no lab and no server.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.parts import Parts, Samples
from bench.report import Row, limit, percentile, rate, times

SIZES = (1_000, 1_000_000)
FRAME = " (frame)"  # how the samples are named that a page is compared with
FILTERS_TIMES_FRAME, TEXT_TIMES_FRAME = 10, 20
VERIFIED_A_SECOND, EXPORT_MB = 100_000, 30
APPENDED_A_SECOND = {"sqlite": 2000, "postgresql": 1400}


def measure(folder: Path, database: str = "", sizes: tuple[int, ...] = SIZES) -> tuple[list[Row], Samples]:
    """Measure on SQLite files in ``folder``, or in the empty PostgreSQL database that an URL names."""
    rows: list[Row] = []
    samples: Samples = {}
    for size in sizes:
        part = Parts(folder / f"{size}.sqlite3", database)
        part.migrate()
        part.run("write", str(size))
        pages, reading, appending = part.run("pages"), part.run("read"), part.run("append")
        rows += _page_rows(size, pages)
        rows += _rate_rows(size, reading, appending, "postgresql" if database else "sqlite")
        found = {**pages, **reading, **appending}
        samples |= {f"{size}: {name}": values for name, values in found.items()}
    return rows, samples


def _page_rows(size: int, samples: Mapping[str, list[float]]) -> list[Row]:
    return [
        times(
            f"{size:,}: {name}",
            percentile(values, 0.5),
            percentile(samples[f"{name}{FRAME}"], 0.5),
            most=TEXT_TIMES_FRAME if ": text:" in name else FILTERS_TIMES_FRAME,
        )
        for name, values in samples.items()
        if not name.endswith(FRAME)
    ]


def _rate_rows(
    size: int, reading: Mapping[str, list[float]], appending: Mapping[str, list[float]], vendor: str
) -> list[Row]:
    single = appending["append"][0]
    return [
        rate(f"{size:,}: append", single, single, least=APPENDED_A_SECOND[vendor]),
        rate(f"{size:,}: append, 8 processes", appending["append, 8 processes"][0], single, least=None),
        rate(f"{size:,}: verify", reading["verify"][0], single, least=VERIFIED_A_SECOND),
        rate(f"{size:,}: export", reading["export"][0], reading["verify"][0], least=None),
        rate(f"{size:,}: export, filtered", reading["export, filtered"][0], reading["verify"][0], least=None),
        limit(
            f"{size:,}: export, memory above idle", reading["export, memory"][0], 0, most=EXPORT_MB, unit="MB"
        ),
    ]
