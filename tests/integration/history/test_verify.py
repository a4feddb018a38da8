"""Every way to tamper with the table is found and named, on both databases."""

from __future__ import annotations

import pytest
from django.db import connection

from domains.history import ledger
from domains.history.verify import verify
from tests.integration.history.tampering import (
    change,
    drop_everything,
    execute,
    forged,
    found,
    insert,
    remove,
    renumber,
    rewrite,
    written,
)

pytestmark = pytest.mark.usefixtures("any_database")
OTHER = "f" * 64


def test_an_untouched_ledger_is_intact():
    rows = written(9)
    verdict = verify()
    assert verdict.finding is None
    assert (verdict.entries, verdict.seq, verdict.hash) == (9, 9, rows[-1].hash)


def test_an_empty_ledger_is_intact():
    verdict = verify()
    assert (verdict.finding, verdict.entries, verdict.seq, verdict.hash) == (None, 0, 0, ledger.GENESIS)


@pytest.mark.parametrize("seq", [1, 5])
def test_a_changed_body_is_named(rows, seq):
    change(seq, body=rows[seq - 1].body.replace("ada", "eve"))
    what, sentence = found()
    assert what == ("changed", seq)
    assert "it is the body that was changed" in sentence


def test_a_changed_last_body_is_named_with_what_cannot_be_told(rows):
    change(9, body=rows[8].body.replace("ada", "eve"))
    what, sentence = found()
    assert what == ("changed", 9)
    assert "No entry 10 tells" in sentence


@pytest.mark.parametrize("seq", [1, 5])
def test_a_changed_hash_is_named(rows, seq):
    change(seq, hash=OTHER)
    what, sentence = found()
    assert what == ("changed", seq)
    assert sentence.startswith(f"The hash of entry {seq} was changed")


@pytest.mark.parametrize("seq", [1, 5, 9])
def test_a_changed_previous_hash_is_named(rows, seq):
    change(seq, previous_hash=OTHER)
    what, sentence = found()
    assert what == ("changed", seq)
    assert sentence.startswith(f"The previous_hash of entry {seq} was changed")


def test_a_body_changed_together_with_its_hash_is_named(rows):
    rewrite(rows[4:5], "{}")
    what, sentence = found()
    assert what == ("rewritten", 5)
    assert "entry 5, perhaps with some before it, was rewritten" in sentence


def test_a_rewritten_stretch_is_named_at_its_end(rows):
    rewrite(rows[2:6], "{}")
    assert found()[0] == ("rewritten", 6)


def test_a_rewritten_entry_before_the_last_is_named(rows):
    rewrite(rows[7:8], "{}")
    what, sentence = found()
    assert what == ("rewritten", 9)
    assert "one of the two" in sentence


@pytest.mark.parametrize("seq", [1, 5, 8])
def test_a_removed_entry_is_named(rows, seq):
    remove(seq)
    what, sentence = found()
    assert what == ("removed", seq)
    assert sentence.startswith(f"Entry {seq} is missing")


def test_removed_entries_whose_followers_were_renumbered_are_named(rows):
    remove(4)
    remove(5)
    renumber(6, -2)
    what, sentence = found()
    assert what == ("removed", 4)
    assert "2 entries were removed" in sentence


def test_a_removed_last_entry_is_what_the_chain_alone_cannot_show(rows):
    remove(9)
    verdict = verify()
    assert (verdict.finding, verdict.seq) == (None, 8)


@pytest.mark.parametrize(("one", "two"), [(3, 4), (3, 7), (1, 9)])
def test_swapped_bodies_are_named(rows, one, two):
    change(one, body=rows[two - 1].body)
    change(two, body=rows[one - 1].body)
    what, sentence = found()
    assert what == ("reordered", one)
    assert f"stands in entry {two}: the two were swapped" in sentence


@pytest.mark.parametrize(("one", "two"), [(3, 4), (3, 7), (1, 9)])
def test_swapped_numbers_are_named(rows, one, two):
    change(one, seq=1000)
    change(two, seq=one)
    change(1000, seq=two)
    what, sentence = found()
    assert what == ("reordered", one)
    assert f"stands as entry {two}: the two were swapped" in sentence


def test_an_entry_moved_to_the_end_is_named(rows):
    change(3, seq=1000)
    what, sentence = found()
    assert what == ("reordered", 3)
    assert "stands as entry 1000" in sentence


def test_entries_in_another_order_are_named(rows):
    change(3, seq=1000)
    change(4, seq=3)
    change(5, seq=4)
    change(1000, seq=5)
    what, sentence = found()
    assert what == ("reordered", 3)
    assert "another order" in sentence


def test_an_inserted_entry_is_named(rows):
    renumber(5, 1)
    insert(forged(5, OTHER))
    assert found()[0] == ("inserted", 5)


def test_an_inserted_entry_with_a_fitting_hash_is_named(rows):
    drop_everything()
    renumber(5, 1)
    insert(forged(5, rows[3].hash))
    assert found()[0] == ("inserted", 5)


def test_an_inserted_entry_with_a_made_up_hash_is_named(rows):
    drop_everything()
    renumber(5, 1)
    insert(forged(5, rows[3].hash)._replace(hash=OTHER))
    assert found()[0] == ("inserted", 5)


def test_an_entry_inserted_under_a_number_that_is_taken_is_named(rows):
    drop_everything()
    insert(forged(5, rows[3].hash))
    assert found()[0] == ("inserted", 5)


def test_an_entry_inserted_where_a_batch_ends_is_named(rows, monkeypatch):
    """The second of two entries with one number is never read when a batch ended with the first."""
    monkeypatch.setattr("domains.history.chain.rows.__kwdefaults__", {"batch": 3})
    drop_everything()
    insert(rows[2])
    assert found()[0] == ("inserted", 3)


def test_an_entry_put_at_the_end_with_a_made_up_hash_is_named(rows):
    insert(forged(10, rows[8].hash)._replace(hash=OTHER))
    assert found()[0] == ("changed", 10)


def test_an_entry_numbered_below_one_is_named(rows):
    insert(forged(0, OTHER))
    what, sentence = found()
    assert what == ("inserted", None)
    assert "below 1" in sentence


def test_a_rewritten_end_is_what_the_chain_alone_cannot_show(rows):
    rewrite(rows[5:], "{}")
    assert verify().finding is None


def test_a_body_that_is_no_ascii_is_named(rows):
    change(5, body='{"actor":"mära"}')
    what, sentence = found()
    assert what == ("changed", 5)
    assert "no ASCII" in sentence


def test_rows_without_values_are_named(rows):
    drop_everything()
    execute("UPDATE domains_historyentry SET body = NULL, hash = NULL, previous_hash = NULL WHERE seq = 5")
    assert found()[0] == ("changed", 5)
    execute("UPDATE domains_historyentry SET seq = NULL WHERE seq = 5")
    assert found()[0] == ("inserted", None)


def test_what_is_no_table_of_entries_any_more_is_unreadable(rows):
    execute("ALTER TABLE domains_historyentry RENAME COLUMN previous_hash TO former")
    what, sentence = found()
    assert what == ("unreadable", 1)
    assert "previous_hash" in sentence


def test_a_body_of_bytes_is_named(rows):
    kind = "bytea" if connection.vendor == "postgresql" else "blob"
    drop_everything()
    execute(
        "ALTER TABLE domains_historyentry RENAME COLUMN body TO former",
        f"ALTER TABLE domains_historyentry ADD body {kind}",
    )
    assert found()[0] == ("changed", 1)
    change(1, body=b"\xff")
    assert found()[0] == ("changed", 1)


def test_number_that_was_changed_to_one_that_is_taken_is_found_where_it_is_missing():
    written(4)
    drop_everything()
    change(2, seq=3)
    named, sentence = found()
    assert named == ("reordered", 2)
    assert "By its hash it now stands as entry 3" in sentence
