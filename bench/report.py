"""What a measurement says: figure, baseline, difference or ratio, goal, and whether it is met."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``over`` is figure - baseline in ``unit``, ``ratio`` is figure / baseline,
    None without a baseline.

    ``goal`` is what ``over`` may be at most, or ``ratio``, or what the figure itself has to reach, as ``judged``
    says; None for a figure that has no goal of its own.
    """

    what: str
    figure: float
    baseline: float
    over: float
    ratio: float | None
    goal: float | None
    unit: str
    verdict: str
    judged: str = "over"


def row(what: str, figure: float, baseline: float, *, most_over: float, unit: str = "ms") -> Row:
    """Judge a figure that may exceed its baseline by at most ``most_over``."""
    return _row(what, figure, baseline, most_over, unit, "over", met=figure - baseline <= most_over)


def times(what: str, figure: float, baseline: float, *, most: float | None, unit: str = "ms") -> Row:
    """Judge a figure that may be at most so many times its baseline."""
    return _row(what, figure, baseline, most, unit, "ratio", met=most is None or figure <= most * baseline)


def rate(what: str, figure: float, baseline: float, *, least: float | None, unit: str = "/s") -> Row:
    """Judge a figure that has to be at least so high; ``baseline`` only stands beside it."""
    return _row(what, figure, baseline, least, unit, "figure", met=least is None or figure >= least)


def limit(what: str, figure: float, baseline: float, *, most: float | None, unit: str) -> Row:
    """Judge a figure that may be at most so high; ``baseline`` only stands beside it."""
    return _row(what, figure, baseline, most, unit, "figure", met=most is None or figure <= most)


def _row(
    what: str, figure: float, baseline: float, goal: float | None, unit: str, judged: str, *, met: bool
) -> Row:
    return Row(
        what=what,
        figure=round(figure, 1),
        baseline=round(baseline, 1),
        over=round(figure - baseline, 1),
        ratio=round(figure / baseline, 2) if baseline else None,
        goal=goal,
        unit=unit,
        verdict="" if goal is None else "met" if met else "MISSED",
        judged=judged,
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
    width = max([28, *(len(r.what) for r in rows)])
    head = (
        f"{'what':<{width}}{'figure':>11}{'baseline':>10}{'over':>10}{'ratio':>8}{'goal':>9}  unit  verdict"
    )
    table = [
        f"{r.what:<{width}}{r.figure:>11.1f}{r.baseline:>10.1f}{r.over:>10.1f}{_optional(r.ratio, 2):>8}"
        f"{_optional(r.goal, 1 if r.judged == 'ratio' else 0):>9}  {r.unit:<4}  {r.verdict}".rstrip()
        for r in rows
    ]
    lines = [json.dumps(asdict(r)) for r in rows]
    return "\n".join([head, *table, "", *lines, f"raw samples: {raw}"])


def _optional(number: float | None, digits: int) -> str:
    return "" if number is None else f"{number:.{digits}f}"
