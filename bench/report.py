"""What a measurement says: figure, baseline, difference or ratio, goal, and whether it is met."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``over`` is figure - baseline in ``unit``, ``ratio`` is figure / baseline."""

    what: str
    figure: float
    baseline: float
    over: float
    ratio: float
    goal: float
    unit: str
    verdict: str


def row(what: str, figure: float, baseline: float, *, most_over: float, unit: str = "ms") -> Row:
    """Judge a figure that may exceed its baseline by at most ``most_over``."""
    over = figure - baseline
    return Row(
        what=what,
        figure=round(figure, 1),
        baseline=round(baseline, 1),
        over=round(over, 1),
        ratio=round(figure / baseline, 2) if baseline else math.inf,
        goal=most_over,
        unit=unit,
        verdict="met" if over <= most_over else "MISSED",
    )


def percentile(samples: Sequence[float], share: float) -> float:
    """Give the smallest sample that at least this share of all samples do not exceed. Raises ``ValueError``."""
    if not samples or not 0 < share <= 1:
        raise ValueError("a percentile needs samples and a share above 0 and up to 1")
    return sorted(samples)[math.ceil(share * len(samples)) - 1]


def show(rows: Sequence[Row], samples: dict[str, list[float]], raw: Path) -> str:
    """Give the table and one JSON line a row, and keep the raw samples in a file."""
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text(json.dumps(samples, indent=1) + "\n", encoding="utf-8")
    header = f"{'what':<28}{'figure':>10}{'baseline':>10}{'over':>9}{'goal':>8}  unit  verdict"
    table = [
        f"{r.what:<28}{r.figure:>10.1f}{r.baseline:>10.1f}{r.over:>9.1f}{r.goal:>8.0f}  {r.unit:<4}  {r.verdict}"
        for r in rows
    ]
    lines = [json.dumps(asdict(r)) for r in rows]
    return "\n".join([header, *table, "", *lines, f"raw samples: {raw}"])
