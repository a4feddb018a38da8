"""What the measurement of the fleet page judges, and by what."""

from __future__ import annotations

from bench.fleet import SIZES, rows


def samples(page: float, kilobytes: float = 40, queries: float = 7) -> dict[str, list[float]]:
    found = {}
    for person in ("administrator", "viewer"):
        for question in ("first page", "page 500", "counts", "search, one hit"):
            about = f"{person}: {question}"
            found |= {f"{about}: frame": [2.0], f"{about}: page": [page]}
            found |= {f"{about}: KB": [kilobytes], f"{about}: queries": [queries]}
    return found


def verdicts(largest: dict[str, list[float]]) -> dict[str, str]:
    ten, middle, many = SIZES
    return {row.what: row.verdict for row in rows({ten: samples(5), middle: samples(10), many: largest})}


def test_a_fleet_of_any_size_is_to_be_as_fast_small_and_frugal():
    found = verdicts(samples(20))
    assert set(found.values()) == {"met", ""}
    assert found["viewer: page 500, 50,000 beside 1,000"] == "met"
    assert found["administrator: first page, 50,000 beside 1,000"] == ""
    assert found["10: first page beside the frame"] == ""


def test_what_is_too_slow_too_large_or_asks_too_much_is_missed():
    missed = {what for what, verdict in verdicts(samples(21, 61, 9)).items() if verdict == "MISSED"}
    assert missed == {
        f"{person}: {question}, 50,000 beside 1,000"
        for person in ("administrator", "viewer")
        for question in ("page 500", "counts", "search, one hit")
    } | {"50,000, most KB (administrator: first page)", "50,000, most queries (administrator: first page)"}
