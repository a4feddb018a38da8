from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domains.hypervisor.openings import SENTENCES, Obstacle
from domains.models import ConnectionTest
from domains.operations.hosts_words import ADVICE, abilities, milliseconds, outcome_of, version_text

MOMENT = datetime(2024, 5, 1, tzinfo=UTC)
FOUND = {
    "libvirt_version": 9_000_000,
    "hypervisor": "TEST",
    "hypervisor_version": 2,
    "cpus": 16,
    "specific": False,
    "asynchronous": False,
    "domains": 1,
    "round_trip": 0.4,
}


@pytest.mark.parametrize(
    ("number", "text"), [(12_008_000, "12.8.0"), (9_000_004, "9.0.4"), (2, "0.0.2"), (None, "")]
)
def test_versions_are_written_as_people_write_them(number, text):
    assert version_text(number) == text


@pytest.mark.parametrize(("value", "text"), [(0.42, "0.4 ms"), (12.6, "13 ms"), (None, "")])
def test_round_trips_are_short(value, text):
    assert milliseconds(value) == text


def test_what_is_not_known_of_a_host_is_not_claimed():
    assert abilities(specific=None, asynchronous=True, monitor=False)[0] == "plugging by ID not tried yet"
    assert abilities(specific=False, asynchronous=False, monitor=False) == [
        "only sets how many vCPUs there are"
    ]
    assert len(abilities(specific=True, asynchronous=True, monitor=True)) == 3


def test_every_kind_of_obstacle_comes_with_advice():
    assert set(ADVICE) == set(Obstacle)
    for kind in Obstacle:
        test = ConnectionTest(created_at=MOMENT, ended_at=MOMENT, answer=kind, sentence=SENTENCES[kind])
        outcome = outcome_of(test, MOMENT)
        assert (outcome.good, outcome.pending, outcome.advice) == (False, False, ADVICE[kind])


def test_connection_that_stands_is_told_with_its_facts():
    test = ConnectionTest(created_at=MOMENT, ended_at=MOMENT, answer="connected", found=FOUND)
    outcome = outcome_of(test, MOMENT)
    assert outcome.good
    assert dict(outcome.facts)["libvirt"] == "9.0.0"
    assert dict(outcome.facts)["Abilities"] == "only sets how many vCPUs there are"


@pytest.mark.parametrize(
    ("age", "pending", "words"),
    [(1, True, "about to"), (6, True, "Is one running?"), (61, False, "not made")],
)
def test_missing_watcher_is_named_instead_of_waited_for(age, pending, words):
    outcome = outcome_of(ConnectionTest(created_at=MOMENT - timedelta(seconds=age)), MOMENT)
    assert outcome.pending is pending
    assert words in outcome.sentence
