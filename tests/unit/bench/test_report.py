from __future__ import annotations

import json

import pytest

from bench.report import limit, percentile, rate, row, show, times


def test_percentile_is_a_sample_that_was_seen():
    samples = [float(n) for n in range(1, 101)]
    assert percentile(samples, 0.5) == 50
    assert percentile(samples, 0.99) == 99
    assert percentile([7.0], 0.99) == 7
    with pytest.raises(ValueError, match="samples"):
        percentile([], 0.5)


@pytest.mark.parametrize(("figure", "verdict"), [(159.9, "met"), (160.0, "met"), (160.1, "MISSED")])
def test_a_goal_is_met_up_to_and_including_its_limit(figure, verdict):
    assert row("click", figure, 100, most_over=60).verdict == verdict


def test_a_ratio_a_rate_and_a_limit_are_judged_by_themselves():
    assert [times("page", figure, 5, most=10).verdict for figure in (50, 50.1)] == ["met", "MISSED"]
    assert [rate("append", figure, 9, least=100).verdict for figure in (100, 99)] == ["met", "MISSED"]
    assert [limit("memory", figure, 0, most=30, unit="MB").verdict for figure in (30, 31)] == [
        "met",
        "MISSED",
    ]
    assert rate("append", 1, 9, least=None).verdict == ""


def test_the_report_has_a_json_line_for_each_row_and_keeps_the_samples(tmp_path):
    rows = [row("click", 150, 100, most_over=60)]
    text = show(rows, {"click": [150.0]}, tmp_path / "raw" / "click.json")
    (line,) = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert (line["ratio"], line["verdict"]) == (1.5, "met")
    assert "MISSED" not in text
    assert json.loads((tmp_path / "raw" / "click.json").read_text()) == {"click": [150.0]}


def test_without_a_baseline_there_is_no_ratio(tmp_path):
    text = show([limit("lost", 3, 0, most=None, unit="")], {}, tmp_path / "raw.json")

    (line,) = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert line["ratio"] is None
    assert "inf" not in text.lower()
