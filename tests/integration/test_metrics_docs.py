"""Every figure is described, and dashboard and rules ask for none that does not exist."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from dashboard.metrics import exposition
from domains.history.heads import Publisher
from domains.models import HostState
from domains.models.tally import count_confirmations, count_outcome
from domains.operations.troubles import Part
from domains.push import figures
from domains.push.beats import beat
from tests.integration.web.factory import make_domain, make_host, make_operation

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/metrics.md").read_text()
DASHBOARD = json.loads((ROOT / "deploy/grafana/slotboard.json").read_text())
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
NAME = re.compile(r"\b(?:slotboard|process|python)_\w+")
# What Prometheus adds to every sample, by the job and target that it came from.
TARGET = {"job", "instance"}


@pytest.fixture
def exported(fresh_database, redis, monkeypatch, settings, tmp_path):
    """Give every sample that a web process exports at work: its name, and the values of its labels by label."""
    told = figures.HubFigures(streams=1, lag=0.0, revision=1, attached=True)
    monkeypatch.setattr(figures._Hub, "figures", staticmethod(lambda: told))
    make_operation(make_domain(make_host()), status="queued")
    Publisher(tmp_path / "heads", interval=settings.HEAD_INTERVAL, entries=1).publish()
    beat("worker", "w1", {"queues": ["default"]}, 30)
    for status in ("succeeded", "failed", "partial", "cancelled"):
        count_outcome("add", status, "")
    count_confirmations("add", "live", 0.1)
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(exposition("")[0].decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                labels[label].add(value)
    return found


def expressions():
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield f"panel “{panel['title']}”", target["expr"]
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield f"rule {rule['alert']}", rule["expr"]


def rows():
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|([^|]*)\|", PAGE, re.MULTILINE):
        yield name, kind.split(",")[0], set(re.findall(r"`(\w+)`", labels))


def test_page_describes_every_figure_with_its_labels_and_no_other(exported):
    described = {}
    for name, kind, labels in rows():
        assert name not in described
        described[name] = labels
        if kind == "histogram":
            described |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
            del described[name]

    assert described == {name: set(labels) for name, labels in exported.items()}


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_expression_asks_for_what_exists(exported, where, expression):
    names = NAME.findall(expression)

    assert names
    assert set(names) <= set(exported), where
    known = {label: values for name in names for label, values in exported[name].items()}
    for clause in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(re.findall(r"\w+", clause)) <= set(known) | TARGET, where
    for name, selector in re.findall(r"(\w+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', selector):
            assert label in set(exported[name]) | TARGET, where
            if operator in ("=", "=~") and label not in TARGET:
                assert set(value.split("|")) <= exported[name][label] | {"unreachable"}, where


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_expression_never_adds_up_what_each_process_tells_alike(where, expression):
    for inner in re.findall(r"\b(?:sum|count)(?: by \([^)]*\))? ?\(", expression):
        rest = expression[expression.index(inner) + len(inner) :]
        assert rest.lstrip().startswith("max by"), where


def test_dashboard_has_every_panel_in_a_place_of_its_own():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_dashboard_shows_every_figure_of_ours():
    shown = {
        name
        for where, expression in expressions()
        if where.startswith("panel")
        for name in NAME.findall(expression)
    }
    ours = {name for name, _, _ in rows() if name.startswith("slotboard")}
    left_out = {name for name in ours if not any(one.startswith(name) for one in shown)}

    assert left_out <= {"slotboard_info", "slotboard_host_watched"}


def test_rules_say_how_grave_they_are_and_what_is_the_matter():
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]

    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"].endswith(".")


def test_page_names_every_part_and_state():
    listed = PAGE.split("The parts of `slotboard_trouble`:")[1].split("\n\n")[0]

    assert set(re.findall(r"`(\w+)`", listed)) == set(Part)
    assert all(f"`{state}`" in PAGE for state in HostState)
