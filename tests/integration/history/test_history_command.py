"""``manage.py history``: what it prints, what it writes down, and its exit status."""

from __future__ import annotations

import getpass
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from domains.history import chain, ledger
from domains.history.reindex import reindex
from domains.history.verifications import latest_verification
from domains.models import Verification
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
ME = f"os:{getpass.getuser()}"


@pytest.fixture
def history(capsys):
    """Give a function that runs the command: its status, and what it printed on both outputs."""

    def run(*arguments):
        status = 0
        try:
            call_command("history", *map(str, arguments))
        except SystemExit as ended:
            status = ended.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def file(tmp_path):
    return tmp_path / "heads"


def keep_head(file):
    """Write down the head, as a schedule does."""
    with file.open("a") as heads:
        heads.write(chain.head().line() + "\n")


def restore_backup(last):
    """Have the ledger end earlier, and its lines with it, as in a backup of that time."""
    if connection.vendor == "postgresql":
        execute("ALTER TABLE domains_historyentry DISABLE TRIGGER USER")
        execute(("DELETE FROM domains_historyentry WHERE seq > %s", [last]))
        execute("ALTER TABLE domains_historyentry ENABLE TRIGGER USER")
        reindex()
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'history_refuses_delete'")
        (trigger,) = cursor.fetchone()
    execute(
        "DROP TRIGGER history_refuses_delete",
        ("DELETE FROM domains_historyentry WHERE seq > %s", [last]),
        trigger,
    )
    reindex()


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
    assert (kept.intact, kept.entries, kept.head_seq) == (False, 2, 2)
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


def last_line(file):
    return file.read_text().splitlines()[-1]


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


def lose_an_end(file):
    """Keep heads at 4, 8 and 10, then restore a backup that ends with 6 and go on to 12."""
    for count in (4, 4, 2):
        written(count)
        keep_head(file)
    restore_backup(6)


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
    assert (status, chain.head().seq) == (2, 7)


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
