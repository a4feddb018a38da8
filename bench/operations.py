"""Operations a second through one worker, on hosts that answer at once: what Slotboard itself takes.

Processor time is told by process, since it says more than the clock on a machine that does other things too.
"""

from __future__ import annotations

from pathlib import Path

from bench.parts import Parts, Samples
from bench.report import Row, rate

A_SECOND = {"sqlite": 100, "postgresql": 200}


def measure(folder: Path, database: str = "") -> tuple[list[Row], Samples]:
    """Measure on an SQLite file in ``folder``, or in the empty PostgreSQL database that an URL names."""
    parts = Parts(folder / "operations.sqlite3", database, "bench.simulated")
    parts.migrate()
    samples = parts.run("work")
    return _rows(samples, A_SECOND["postgresql" if database else "sqlite"]), samples


def _rows(samples: Samples, goal: int) -> list[Row]:
    """Compare operations with bare transactions of the same database; only changes of one side have a goal."""
    (bare,) = samples["transactions"]
    host = samples["host, ms"][0]
    rows = []
    for name, (figure, *_) in samples.items():
        if name.endswith("/s"):
            rows.append(rate(name.removesuffix(", /s"), figure, bare, least=goal if "live" in name else None))
        elif name.endswith("ms"):
            rows.append(rate(f"processor: {name.removesuffix(', ms')}", figure, host, least=None, unit="ms"))
    return rows
