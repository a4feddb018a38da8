from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.db import transaction

from domains.history import chain, ledger

pytestmark = pytest.mark.usefixtures("any_database")


def write(count):
    with transaction.atomic():
        return [ledger.append("started", {"operation": number, "note": "größer"}) for number in range(count)]


@pytest.mark.parametrize("batch", [1, 3, 7, 8])
def test_every_entry_is_read_once_and_in_order_whatever_the_batch(batch):
    entries = write(7)

    rows = list(chain.rows(0, batch=batch))

    assert rows == [(entry.seq, entry.body, entry.previous_hash, entry.hash) for entry in entries]


def test_a_part_is_read_between_its_ends():
    write(7)

    assert [row.seq for row in chain.rows(2, 5, batch=2)] == [3, 4, 5]


def test_head_is_the_last_entry(capsys):
    *_, last = write(3)

    assert chain.head() == chain.Head(3, last.hash, json.loads(last.body)["time"])
    call_command("history", "head")
    assert json.loads(capsys.readouterr().out) == {
        "seq": 3,
        "hash": last.hash,
        "time": json.loads(last.body)["time"],
    }


def test_a_history_without_entries_has_no_head(capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("history", "head")

    assert chain.head() is None
    assert ended.value.code == 1
    assert "no entry yet" in capsys.readouterr().err
