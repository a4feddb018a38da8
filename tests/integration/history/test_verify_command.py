"""``manage.py history``: what it prints, what it writes down, and its exit status."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from domains.history import chain, ledger
from domains.history.verifications import latest_verification
from domains.models import Verification
from tests.integration.history.headkeeping import ME, keep_head, last_line, lose_an_end
from tests.integration.history.tampering import (
    change,
    drop_everything,
    drop_triggers,
    execute,
    forged,
    insert,
    remove,
    rewrite,
    written,
)

pytestmark = pytest.mark.usefixtures("any_database")


def test_an_intact_history_is_said_to_be_so_and_written_down(history):
    rows = written(5)

    assert history("verify") == (0, f"Intact: 5 entries, up to entry 5 with hash {rows[4].hash}.\n", "")

    kept = latest_verification()
    assert (kept.actor, kept.entries, kept.head_seq, kept.head_hash) == (ME, 5, 5, rows[4].hash)
    assert (kept.intact, kept.against, kept.against_seq, kept.finding) == (True, "", None, "")


def test_an_empty_history_is_intact(history):
    assert history("verify") == (0, "Intact: 0 entries.\n", "")


def test_a_broken_history_is_said_to_be_so_and_written_down(history):
    written(5)
    drop_triggers()
    remove(3)

    status, out, _ = history("verify")

    assert status == 1
    assert out.startswith("Not intact: Entry 3 is missing")
    assert "Entries before it that fit: 2." in out
    kept = latest_verification()
    assert (kept.intact, kept.unread, kept.entries, kept.head_seq) == (False, False, 2, 2)
    assert kept.finding.startswith("Entry 3 is missing")


def test_the_verdict_as_json(history, file):
    rows = written(5)
    keep_head(file)
    last = json.loads(file.read_text())

    status, out, _ = history("verify", "--json", "--against", file)

    assert status == 0
    assert json.loads(out) == {
        "intact": True,
        "entries": 5,
        "head": {"seq": 5, "hash": rows[4].hash},
        "findings": [],
        "against": {"file": str(file), "heads": 1, "last": last},
        "notes": [],
    }


def test_a_broken_chain_as_json(history):
    written(5)
    drop_triggers()
    change(2, body="{}")

    status, out, _ = history("verify", "--json")

    told = json.loads(out)
    assert (status, told["intact"], told["entries"]) == (1, False, 1)
    [finding] = told["findings"]
    assert (finding["kind"], finding["seq"]) == ("changed", 2)


def test_a_database_that_cannot_be_written_leaves_the_verdict_unharmed(history):
    written(5)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET default_transaction_read_only = on")
        else:
            cursor.execute("PRAGMA query_only = ON")

    status, out, err = history("verify")

    assert status == 0
    assert out.startswith("Intact:")
    assert "could not be written down" in err
    assert Verification.objects.count() == 0


def test_a_database_without_a_history_is_no_traceback(history):
    execute("ALTER TABLE domains_historyentry RENAME TO elsewhere")

    status, out, _ = history("verify")
    assert status == 1
    assert out.startswith("Not verified: The history cannot be read from its beginning")
    kept = latest_verification()
    assert (kept.intact, kept.unread) == (False, True)

    status, _, err = history("head")
    assert status == 2
    assert err.startswith("The database failed:")


def test_heads_kept_elsewhere_fit(history, file):
    for _ in range(3):
        written(2)
        keep_head(file)
    written(1)

    status, out, _ = history("verify", "--against", file)

    assert status == 0
    assert f"Heads in {file} that fit: 3 of 3." in out
    kept = latest_verification()
    assert (kept.against, kept.against_seq, kept.against_hash) == (
        str(file),
        6,
        json.loads(last_line(file))["hash"],
    )


def test_a_removed_end_is_found_against_a_head(history, file):
    written(3)
    keep_head(file)
    written(3)
    keep_head(file)
    drop_triggers()
    remove(6)

    status, out, _ = history("verify", "--against", file)

    assert status == 1
    assert "Not intact: The history has no entry 6" in out
    assert "cut off" in out
    assert "The last head that fits names entry 3." in out
    assert "The chain is unbroken: 5 entries" in out


def test_a_rewritten_end_is_found_against_a_head(history, file):
    written(3)
    keep_head(file)
    rows = written(3)
    keep_head(file)
    written(2)
    drop_triggers()
    rewrite(list(chain.rows(3)), rows[3].body.replace("ada", "eve"))

    status, out, _ = history("verify")
    assert status == 0
    status, out, _ = history("verify", "--against", file)

    assert status == 1
    assert "Not intact: Entry 6 has another hash than the head of " in out
    assert "The last head that fits names entry 3." in out


def test_every_head_counts_and_not_only_the_last(history, file):
    written(3)
    file.write_text(json.dumps({"seq": 2, "hash": "0" * 64, "time": "then"}) + "\n")
    keep_head(file)

    status, out, _ = history("verify", "--against", file, "--json")

    assert status == 1
    assert [(found["kind"], found["seq"]) for found in json.loads(out)["findings"]] == [("rewritten", 2)]


def test_a_malformed_file_of_heads_is_a_usage_error(history, file):
    written(1)
    file.write_text("{}\n")
    status, out, err = history("verify", "--against", file)
    assert (status, out) == (2, "")
    assert f"{file}, line 1, is no head" in err
    assert Verification.objects.count() == 0


@pytest.mark.parametrize(
    "arguments", [[], ["burn"], ["verify", "--loud"], ["restored"], ["restored", "--note", "x"]]
)
def test_usage_errors(arguments):
    with pytest.raises(CommandError):
        call_command("history", *arguments)


def test_heads_within_an_archived_range_are_told_apart(history, file):
    for _ in range(4):
        written(2)
        keep_head(file)
    rows = list(chain.rows(0))
    facts = {"from": 1, "to": 6, "first_previous_hash": rows[0].previous_hash, "last_hash": rows[5].hash}
    with transaction.atomic():
        ledger.append("archived", facts | {"actor": "os:root", "file": "old.ndjson", "sha256": "0f" * 32})
    execute("DELETE FROM domains_historyentry WHERE seq <= 6")

    status, out, _ = history("verify", "--against", file)

    assert status == 0
    assert "Entries 1 to 6 are archived: recorded as entry 9 by os:root at 20" in out
    assert f"in old.ndjson with SHA-256 {'0f' * 32}" in out
    assert f"Heads in {file} that fit: 2 of 4." in out
    assert "2 heads of the file named entries that were archived since" in out
    file.write_text(json.dumps({"seq": 6, "hash": rows[4].hash, "time": "then"}))
    status, out, _ = history("verify", "--against", file)
    assert status == 1
    assert "Entry 6 has another hash than the head of then says" in out


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"a":2}',
        '{"b":1,"a":2}',
        '{"a": 1}',
        '{"a":1} ',
        '{"a":1.0e0}',
        '{"a":"\\u0041"}',
        "[]",
        '"text"',
        "5",
        "null",
    ],
)
def test_a_body_of_another_form_is_found_where_that_is_asked_for(history, body):
    rows = written(3)
    insert(forged(4, rows[-1].hash, body))

    assert history("verify")[0] == 0
    status, out, _ = history("verify", "--bodies", "--json")

    assert status == 1
    assert [(found["kind"], found["seq"]) for found in json.loads(out)["findings"]] == [("malformed", 4)]


def test_bodies_that_are_no_json_at_all_are_found(history):
    rows = written(3)
    drop_everything()
    insert(forged(4, rows[-1].hash, "{" * 5000))
    assert history("verify", "--bodies")[0] == 1
    change(4, **forged(4, rows[-1].hash, '{"a":' * 5000)._asdict())
    assert history("verify", "--bodies")[0] == 1
    change(4, **forged(4, rows[-1].hash, '{"a":NaN}')._asdict())
    assert history("verify", "--bodies")[0] == 1


def test_what_slotboard_writes_has_the_form(history):
    written(3)
    assert history("verify", "--bodies")[0] == 0


def test_foreign_text_is_safe_for_a_terminal(history, file):
    lose_an_end(file)
    history("restored", "--against", file, "--note", "one\x1b[2Jtwo")
    assert "\x1b" not in history("verify")[1]


def test_values_of_other_types_are_compared_with_heads_without_a_traceback(history, file):
    written(4)
    keep_head(file)
    drop_everything()
    execute("UPDATE domains_historyentry SET hash = NULL WHERE seq = 4")
    assert history("verify", "--against", file)[0] == 1
    if connection.vendor == "sqlite":
        change(4, hash=b"x", seq="four")
        change(3, seq=b"3")
        assert history("verify", "--against", file)[0] == 1
