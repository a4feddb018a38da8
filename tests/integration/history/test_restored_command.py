"""``manage.py history restored``: a restored backup recorded on purpose, and what that excuses."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from domains.history import chain, ledger
from tests.integration.history.headkeeping import ME, keep_head, last_line, lose_an_end, restore_backup
from tests.integration.history.tampering import (
    change,
    drop_everything,
    drop_triggers,
    execute,
    forged,
    insert,
    remove,
    written,
)

pytestmark = pytest.mark.usefixtures("any_database")


def test_a_restored_backup_is_recorded_on_purpose(history, file):
    lose_an_end(file)
    old = last_line(file)
    assert history("verify", "--against", file)[0] == 1

    status, out, _ = history("restored", "--against", file, "--note", "disk died, ticket 7")
    assert (status, out) == (
        0,
        "Recorded as entry 7: the history up to entry 10 was lost, disk died, ticket 7\n",
    )

    [row] = chain.rows(6)
    body = json.loads(row.body)
    heads = [json.loads(line) for line in file.read_text().splitlines()]
    assert (body["kind"], body["actor"], body["door"], body["note"]) == (
        "restored",
        ME,
        "command",
        "disk died, ticket 7",
    )
    assert (body["kept"]["seq"], body["lost"]) == (6, heads[1:])

    written(8)
    keep_head(file)
    recorded = f"recorded on purpose as entry 7 by {ME} at {body['time']}, saying: disk died, ticket 7"
    status, out, _ = history("verify", "--against", file)
    assert status == 0
    assert recorded in out
    assert f"Heads in {file} that fit: 2 of 4." in out
    assert "2 heads of the file named that lost end" in out

    file.write_text(old)
    status, out, _ = history("verify", "--against", file)
    assert status == 0
    assert recorded in out

    assert recorded in history("verify")[1], "it is said whether or not heads are at hand"


def test_only_the_recorded_heads_are_excused(history, file):
    lose_an_end(file)
    history("restored", "--against", file, "--note", "disk died")
    written(8)
    lost = json.loads(last_line(file))
    file.write_text(json.dumps(lost | {"hash": "0" * 64}))
    assert history("verify", "--against", file)[0] == 1
    file.write_text(json.dumps(lost | {"seq": 9}))
    assert history("verify", "--against", file)[0] == 1


def test_a_second_restored_backup_is_recorded_beside_the_first(history, file):
    lose_an_end(file)
    history("restored", "--against", file, "--note", "first")
    written(3)
    keep_head(file)
    restore_backup(8)
    assert history("verify", "--against", file)[0] == 1
    assert history("restored", "--against", file, "--note", "second")[0] == 0
    status, out, _ = history("verify", "--against", file)
    assert status == 0
    assert "saying: first" in out
    assert "saying: second" in out


def test_there_must_be_something_to_record(history, file):
    written(3)
    keep_head(file)
    status, _, err = history("restored", "--against", file, "--note", "x")
    assert status == 2
    assert "there is nothing to record" in err
    lose_an_end(file)
    status, _, err = history("restored", "--against", file, "--note", " ")
    assert (status, err) == (2, "--note must say why the backup was restored.\n")
    assert history("restored", "--against", file, "--note", "x")[0] == 0
    status, _, err = history("restored", "--against", file, "--note", "x")
    assert (status, chain.head().seq) == (2, 9), "what was refused stands there too"


def test_a_broken_chain_is_not_explained_by_a_restored_backup(history, file):
    written(6)
    keep_head(file)
    drop_triggers()
    remove(6)
    remove(2)
    status, _, err = history("restored", "--against", file, "--note", "x")
    assert status == 2
    assert "The chain itself is broken" in err


@pytest.mark.parametrize(
    "lost",
    [
        None,
        5,
        [],
        [5],
        [{}],
        [{"seq": "x", "hash": "y"}],
        [{"seq": None, "hash": "y"}],
        {"seq": 6},
        [{"seq": 6, "hash": []}],
    ],
)
def test_a_malformed_record_of_a_restored_backup_excuses_nothing(history, file, lost):
    written(6)
    keep_head(file)
    restore_backup(5)
    with transaction.atomic():
        ledger.append("restored", {"actor": "eve", "note": "x", "lost": lost})
    assert history("verify", "--against", file)[0] == 1


@pytest.mark.parametrize("kind", ["archived", "restored"])
@pytest.mark.parametrize(
    "body",
    ['{"lost":' * 5000, "[]", '{"lost":[{"seq":Infinity,"hash":"x"}],"actor":1,"time":1,"note":1}', "\\"],
)
def test_a_record_that_is_no_json_excuses_nothing(history, file, kind, body):
    rows = written(6)
    keep_head(file)
    drop_everything()
    execute("DELETE FROM domains_historyentry WHERE seq = 6")
    insert(forged(6, rows[4].hash, body))
    change(6, kind=kind)
    assert history("verify", "--against", file)[0] == 1
