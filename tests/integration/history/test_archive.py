from __future__ import annotations

import fcntl
import hashlib
import json
from datetime import UTC, datetime

import pytest
from django.db import connections

from domains.history import archive
from domains.history.reindex import disagreement
from domains.history.verify import verify
from domains.models import HistoryEntry, HistoryLine, Operation
from tests.integration.history.archives import archived_rows, fill, numbers, rows, run
from tests.integration.history.ledgers import append, make_operation

pytestmark = pytest.mark.usefixtures("any_database")


def test_what_is_older_moves_into_a_file_that_proves_it(tmp_path):
    before = fill()
    moved = rows(upto=9)

    status, said = run("archive", "--before", before, "--output", str(tmp_path))

    path = tmp_path / "history-1-9.ndjson"
    assert (status, numbers()) == (0, [10, 11, 12])
    assert archived_rows(path) == moved
    assert f"Entries 1 to 9 are in {path} and no longer in the database; entry 12 records it." in said
    assert run("verify-export", str(path))[0] == 0
    facts = json.loads(HistoryEntry.objects.get(seq=12).body)
    content = path.read_bytes()
    assert (facts["from"], facts["to"], facts["entries"], facts["file"]) == (1, 9, 9, "history-1-9.ndjson")
    assert (facts["first_previous_hash"], facts["last_hash"]) == ("0" * 64, moved[-1].hash)
    assert (facts["sha256"], facts["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert facts["actor"].startswith("os:")


def test_the_chain_is_verified_across_the_gap(tmp_path):
    before = fill()
    run("archive", "--before", before, "--output", str(tmp_path))
    for _ in range(2):
        append("signed_in")
    later = append("signed_in").time
    assert verify().finding is None

    assert run("archive", "--before", later, "--output", str(tmp_path))[0] == 0

    assert sorted(path.name for path in tmp_path.iterdir()) == ["history-1-9.ndjson", "history-10-14.ndjson"]
    assert numbers() == [15, 16]
    assert verify().finding is None
    first, second = (
        archived_rows(path) for path in sorted(tmp_path.iterdir(), key=lambda path: len(path.name))
    )
    assert second[0][2] == first[-1][3]


def test_operations_stay_and_only_their_entries_and_lines_go(tmp_path):
    before = fill()
    run("archive", "--before", before, "--output", str(tmp_path))

    assert Operation.objects.count() == 3
    assert list(HistoryLine.objects.order_by("seq").values_list("seq", flat=True)) == [10, 12]
    assert disagreement() == ""


@pytest.mark.parametrize("remove", [archive.remove, lambda _: None])
def test_two_that_archive_at_once_record_it_once(tmp_path, monkeypatch, remove):
    before = fill()
    write = archive._write

    def overtaken(*arguments):
        write(*arguments)
        monkeypatch.setattr(archive, "_write", write)
        monkeypatch.setattr(archive, "remove", remove)
        assert run("archive", "--before", before, "--output", str(tmp_path / "theirs"))[0] == 0

    monkeypatch.setattr(archive, "_write", overtaken)

    status, said = run("archive", "--before", before, "--output", str(tmp_path / "mine"))

    assert (status, HistoryEntry.objects.filter(kind="archived").count()) == (2, 1)
    assert said == "Another command archived this range just now; nothing was done.\n"


def test_an_operation_stays_whole(tmp_path):
    append("signed_in")
    first = make_operation("requested")
    second = make_operation("requested")
    make_operation("confirmed", number=first.pk)
    before = append("signed_in").time
    make_operation("confirmed", number=second.pk)

    status, said = run("archive", "--before", before, "--output", str(tmp_path))

    assert (status, numbers()) == (0, [2, 3, 4, 5, 6, 7])
    assert (
        f"Operation {first.pk} was not over by then, so everything from its first entry, 2, on is kept."
        in said
    )


def test_an_open_operation_stays_with_everything_after_it(tmp_path):
    opened = make_operation("requested", "waiting", status="waiting")
    append("signed_in")
    before = append("signed_in").time

    status, said = run("archive", "--before", before, "--output", str(tmp_path))

    assert (status, numbers(), list(tmp_path.iterdir())) == (2, [1, 2, 3, 4], [])
    assert f"Operation {opened.pk} is still open, so everything from its first entry, 1, on is kept." in said


def test_the_newest_entry_is_never_archived(tmp_path):
    for _ in range(3):
        append("signed_in")

    assert (
        run("archive", "--before", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", "--output", str(tmp_path))[0]
        == 0
    )

    assert numbers() == [3, 4]


def test_an_archived_history_goes_on(tmp_path):
    before = fill()
    run("archive", "--before", before, "--output", str(tmp_path))
    late = make_operation("late", number=1)

    assert HistoryLine.objects.get(operation=late.pk).seq == 13
    assert verify().finding is None
    assert run("export", f"--output={tmp_path / 'rest'}")[0] == 0
    assert run("verify-export", str(tmp_path / "rest"))[0] == 0


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("2999-01-01", "is in the future"),
        ("soon", "“soon” is no time"),
        ("1999-01-01", "No entry before 1999-01-01T00:00:00.000000Z can be archived: the oldest is entry 1."),
    ],
)
def test_what_makes_no_sense_is_refused(before, said, tmp_path):
    fill()

    status, told = run("archive", "--before", before, "--output", str(tmp_path))

    assert (status, numbers(), list(tmp_path.iterdir())) == (2, list(range(1, 12)), [])
    assert said in told


def test_an_empty_history_has_nothing_to_archive(tmp_path):
    assert run("archive", "--before", "2026-01-01", "--output", str(tmp_path)) == (
        2,
        "The history has no entry yet.\n",
    )


def other_export(path):
    run("export", "--to=8", f"--output={path}")


def forged(path):
    run("export", "--to=9", f"--output={path}")
    path.write_text(path.read_text().replace("mara", "otto"))


@pytest.mark.parametrize("content", [lambda path: path.write_text("mine"), other_export, forged])
def test_a_file_that_holds_something_else_is_left_alone(content, tmp_path):
    before = fill()
    path = tmp_path / "archive.ndjson"
    content(path)
    held, had = path.read_bytes(), numbers()

    status, said = run("archive", "--before", before, "--output", str(path))

    assert (status, numbers(), path.read_bytes()) == (2, had, held)
    assert f"{path} exists and holds something else" in said or f"{path} does not fit" in said


def test_a_history_that_does_not_fit_is_not_archived(tmp_path):
    before = fill()
    with connections["default"].cursor() as cursor:
        if connections["default"].vendor == "sqlite":
            cursor.execute("DROP TRIGGER history_refuses_update")
        else:
            cursor.execute("ALTER TABLE domains_historyentry DISABLE TRIGGER ALL")
        cursor.execute("UPDATE domains_historyentry SET body = replace(body, 'mara', 'otto') WHERE seq = 4")

    status, said = run("archive", "--before", before, "--output", str(tmp_path))

    assert (status, numbers()) == (2, list(range(1, 12)))
    assert "Line 5: Entry 4 does not have the hash that it gives" in said
    assert "the history itself does not fit" in said


def test_the_data_folder_takes_it_where_nothing_else_is_named(tmp_path, settings):
    settings.VAR = tmp_path
    (tmp_path / "archive").write_text("no folder")
    before = fill()

    assert run("archive", "--before", before) == (2, f"{tmp_path / 'archive'} cannot be used: File exists.\n")
    (tmp_path / "archive").unlink()
    assert run("archive", "--before", before)[0] == 0
    assert archived_rows(tmp_path / "archive" / "history-1-9.ndjson")


def test_a_file_that_another_command_writes_is_left_to_it(tmp_path):
    before = fill()
    with (tmp_path / ".history-1-9.ndjson.part").open("wb") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)

        status, said = run("archive", "--before", before, "--output", str(tmp_path))

    assert (status, numbers()) == (2, list(range(1, 12)))
    assert "Another command is writing" in said


def test_a_folder_that_is_not_there_is_named(tmp_path):
    before = fill()

    status, said = run("archive", "--before", before, "--output", str(tmp_path / "none" / "file"))

    assert (status, said) == (
        2,
        f"{tmp_path / 'none' / 'file'} cannot be written: No such file or directory.\n",
    )
