from __future__ import annotations

from bench.felt import PAGES, rows

SEEN = {
    "served": [20.0],
    "painted": [120.0],
    "shifted": [0.0],
    "cold": [45.0],
    "warm": [0.0],
    "click": [16.0],
}


def judged(changed=None):
    samples = {f"{page}: {what}": values for page in ("frame", *PAGES) for what, values in SEEN.items()}
    samples["push: shifted"] = [0.0]
    return {row.what: row.verdict for row in rows(samples | (changed or {}))}


def test_page_that_is_calm_light_and_prompt_meets_every_goal():
    assert {*judged().values()} == {"met", ""}


def test_whatever_is_felt_misses_its_goal():
    for name, value, what in (
        ("fleet: served", 100.1, "fleet: answered in Chromium"),
        ("fleet: shifted", 0.1, "fleet: shift on load"),
        ("history: cold", 250.1, "history: fetched cold"),
        ("history: warm", 0.3, "history: fetched warm"),
        ("push: shifted", 0.1, "8 slots: shift on a push"),
        ("8 slots: click", 208.0, "8 slots: click to paint, worst"),
    ):
        verdicts = judged({name: [value]})
        assert [one for one, verdict in verdicts.items() if verdict == "MISSED"] == [what]
