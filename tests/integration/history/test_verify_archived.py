"""A history is verified across what was archived, and what merely looks archived is found."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from domains.history import ledger
from domains.history.verify import verify
from tests.integration.history.tampering import (
    change,
    drop_triggers,
    execute,
    found,
    remove,
    rewrite,
    written,
)

pytestmark = pytest.mark.usefixtures("any_database")
OTHER = "f" * 64


def archived(first, last, rows, **other):
    """Record a range as archived, as the command does."""
    facts = {
        "from": first,
        "to": last,
        "first_previous_hash": rows[first - 1].previous_hash,
        "last_hash": rows[last - 1].hash,
    }
    with transaction.atomic():
        ledger.append("archived", facts | other)


def take_out(first, last):
    execute(("DELETE FROM domains_historyentry WHERE seq BETWEEN %s AND %s", [first, last]))


def test_the_chain_is_intact_across_an_archived_range():
    rows = written(9)
    archived(1, 4, rows)
    take_out(1, 4)
    verdict = verify()
    assert (verdict.finding, verdict.entries, verdict.seq) == (None, 6, 10)


def test_an_archived_range_may_still_be_on_its_way_out():
    rows = written(9)
    archived(1, 6, rows)
    assert verify().finding is None
    take_out(1, 4)
    assert verify().finding is None


def test_ranges_that_follow_each_other_are_bridged_together():
    rows = written(9)
    archived(1, 3, rows)
    archived(4, 6, rows)
    take_out(1, 6)
    assert verify().finding is None


def test_a_range_is_bridged_whose_forerunner_was_archived_with_its_record():
    rows = written(9)
    archived(1, 3, rows)
    take_out(1, 3)
    rows = [*rows[:3], *written(3)]
    archived(4, 11, rows)
    take_out(4, 11)
    verdict = verify()
    assert (verdict.finding, verdict.entries) == (None, 3)


def test_more_than_the_archived_range_removed_is_found():
    rows = written(9)
    archived(1, 4, rows)
    take_out(1, 4)
    drop_triggers()
    remove(5)
    assert found()[0] == ("removed", 1)


@pytest.mark.parametrize("name", ["first_previous_hash", "last_hash"])
def test_an_archived_range_with_another_hash_bridges_nothing(name):
    rows = written(9)
    archived(1, 4, rows, **{name: OTHER})
    take_out(1, 4)
    assert found()[0] == ("removed", 1)


@pytest.mark.parametrize(
    "other",
    [{"from": None}, {"to": "4"}, {"to": 99}, {"last_hash": 5}, {"from": True}, {"to": 4.0}, {"from": 0}],
)
def test_a_malformed_record_of_an_archived_range_bridges_nothing(other):
    rows = written(9)
    archived(1, 4, rows, **other)
    drop_triggers()
    take_out(1, 4)
    assert found()[0] == ("removed", 1)


def test_a_forged_record_of_an_archived_range_is_found_itself():
    rows = written(9)
    drop_triggers()
    facts = {"kind": "archived", "from": 1, "to": 4}
    facts |= {"first_previous_hash": ledger.GENESIS, "last_hash": rows[3].hash}
    change(8, body=json.dumps(facts))
    take_out(1, 4)
    assert found()[0] == ("changed", 8)


def test_a_range_that_does_not_begin_the_table_is_no_archived_one():
    rows = written(9)
    archived(4, 4, rows)
    drop_triggers()
    take_out(4, 4)
    assert found()[0] == ("removed", 4)


def test_what_is_left_of_an_archived_range_must_lead_to_its_end():
    rows = written(9)
    archived(1, 6, rows)
    drop_triggers()
    rewrite(rows[4:9], "{}")
    take_out(1, 4)
    assert verify().finding is not None
