from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from domains.history import chain
from domains.models import HistoryEntry
from tests.integration.history.ledgers import append, make_operation

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("any_database")


def run(*arguments):
    """Run the command; gives its exit status."""
    try:
        call_command("history", *arguments)
    except SystemExit as ended:
        return ended.code
    return 0


@pytest.fixture
def ledger(any_database):
    """Three operations, of which one is by somebody else, and what somebody may do besides."""
    make_operation("requested", "started", "confirmed")
    make_operation("requested", "failed", actor="otto", host="hv2", status="failed", note="ticket 7")
    append("signed_in", actor="otto")
    make_operation("requested", "started", "confirmed")


@pytest.mark.usefixtures("ledger")
def test_everything_is_exported_to_standard_output(capfdbinary):
    assert run("export") == 0

    header, *entries, _ = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert (header["scope"], header["from"], header["to"], header["filters"]) == ("whole", 1, 9, {})
    assert [entry["seq"] for entry in entries] == list(range(1, 10))
    assert header["actor"].startswith("os:")


@pytest.mark.usefixtures("ledger")
def test_a_range_is_exported_by_numbers_and_by_time(tmp_path, capsys):
    third, seventh = (HistoryEntry.objects.get(seq=seq) for seq in (3, 7))

    assert run("export", "--from", "3", "--to", "6", f"--output={tmp_path / 'a'}") == 0
    assert run("export", "--since", third.time, "--until", seventh.time, f"--output={tmp_path / 'b'}") == 0

    a, b = ((tmp_path / name).read_text().splitlines() for name in "ab")
    assert a[1:-1] == b[1:-1]
    assert json.loads(b[0])["filters"] == {"since": third.time, "until": seventh.time}
    assert run("verify-export", str(tmp_path / "b")) == 0
    assert "whole export (ndjson) of entries 3 to 6: 4 with their bodies" in capsys.readouterr().out


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["--actor", "otto"], [4, 5, 6]),
        (["--actor", "otto", "--show", "operations"], [4, 5]),
        (["--show", "access"], [6]),
        (["--host", "hv2"], [4, 5]),
        (["--status", "failed"], [4, 5]),
        (["--text", "ticket"], [4, 5]),
        (["--slot", "5", "--host", "lab"], [1, 2, 3, 7, 8, 9]),
        (["--slot", "5", "--host", "lab", "--to", "7"], [1, 2, 3, 7]),
    ],
)
def test_what_filters_find_is_exported(tmp_path, filters, found):
    path = tmp_path / "export.csv"

    assert run("export", "--format=csv", *filters, f"--output={path}") == 0
    assert run("verify-export", str(path)) == 0

    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    assert [int(row["seq"]) for row in rows if row["row"] == "entry"] == found
    numbers = [int(row["seq"]) for row in rows if row["seq"]]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


@pytest.mark.usefixtures("ledger")
def test_time_is_the_range_that_a_filtered_export_covers(tmp_path):
    first, last = HistoryEntry.objects.get(seq=2).time, HistoryEntry.objects.get(seq=8).time

    assert (
        run("export", "--host=hv2", f"--since={first}", f"--until={last}", f"--output={tmp_path / 'a'}") == 0
    )

    _, *lines, trailer = map(json.loads, (tmp_path / "a").read_text().splitlines())
    assert [line["seq"] for line in lines] == [2, 3, 4, 5, 6, 7]
    assert (trailer["entries"], trailer["left_out"]) == (2, 4)


@pytest.mark.usefixtures("ledger")
def test_compact_leaves_out_the_digests_and_says_what_that_costs(tmp_path, capsys):
    assert run("export", "--actor=mara", "--compact", f"--output={tmp_path / 'a'}") == 0
    assert run("verify-export", str(tmp_path / "a")) == 0

    out = capsys.readouterr().out
    assert "compact export (ndjson) of entries 1 to 9: 6 with their bodies, 0 left out" in out
    assert "Not proved: that nothing was left out between the entries" in out


@pytest.mark.usefixtures("ledger")
def test_the_export_is_tied_to_a_published_head(tmp_path, capsys):
    heads = tmp_path / "heads"
    heads.write_text(f"{chain.head().line()}\n")
    append("signed_out")
    assert run("export", f"--output={tmp_path / 'a'}") == 0

    assert run("verify-export", str(tmp_path / "a"), "--against", str(heads)) == 0

    out = capsys.readouterr().out
    assert "entries 1 to 9 as the history had them then" in out
    assert "No published head confirms entry 10" in out
    head = json.loads(heads.read_text())
    heads.write_text(json.dumps({**head, "seq": 99}))
    assert run("verify-export", str(tmp_path / "a"), "--against", str(heads)) == 2
    assert "No head in" in capsys.readouterr().err
    heads.write_text(json.dumps({**head, "hash": "0" * 64}))
    assert run("verify-export", str(tmp_path / "a"), "--against", str(heads)) == 1
    assert "Line 10: Entry 9 does not have the hash that was published" in capsys.readouterr().out


@pytest.mark.usefixtures("ledger")
def test_an_export_is_checked_without_a_database(tmp_path):
    path = tmp_path / "export.ndjson"
    run("export", f"--output={path}")
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/none/at/all",
        "SLOTBOARD_VAR": str(tmp_path),
    }
    command = [sys.executable, "manage.py", "history", "verify-export", str(path)]

    checked = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith(f"{path} fits.\nIt is a whole export")
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "0"], "--from 0 names no entry: they are numbered from 1 on."),
        (["--to", "0"], "--to 0 names no entry"),
        (["--from", "-3", "--actor", "mara"], "--from -3 names no entry"),
        (["--from", "5", "--to", "4"], "--from 5 comes after --to 4"),
        (["--from", "12"], "The history ends with entry 9; there is no entry 12 yet."),
        (["--from", "12", "--actor", "mara"], "there is no entry 12 yet"),
        (["--to", "12"], "there is no entry 12 yet"),
        (["--since", "tomorrow"], "“tomorrow” is no time"),
        (["--since", "2999-01-01"], "There is no entry since 2999-01-01"),
        (["--until", "1999-01-01"], "There is no entry before 1999-01-02"),
        (["--actor", "nobody"], "No entry matches"),
        (["--status", "great"], "“great”; choose one of: "),
        (["--slot", "many"], "“many” is no slot"),
        (["--show", "all"], "“all”; choose one of: "),
        (["--output", "/nowhere/at/all"], "/nowhere/at/all cannot be written: No such file or directory."),
        (["--output", str(ROOT / "README.md")], "README.md exists already"),
    ],
)
def test_what_cannot_be_exported_gets_a_sentence(arguments, said, capsys):
    assert run("export", *arguments) == 2

    assert said in capsys.readouterr().err


def test_an_export_that_breaks_off_leaves_no_file(tmp_path, capsys, monkeypatch):
    make_operation("requested")
    monkeypatch.setattr("domains.history.export.writing._rows", lambda *_: iter(_archived_meanwhile()))

    assert run("export", f"--output={tmp_path / 'a'}") == 1

    assert "is being archived" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def _archived_meanwhile():
    append("archived", **{"from": 1, "to": 1})
    HistoryEntry.objects.filter(seq=1).delete()
    return []


@pytest.mark.usefixtures("ledger")
def test_a_reader_that_has_seen_enough_ends_it(tmp_path):
    command = f"{sys.executable} manage.py history export | head --bytes 10; exit ${{PIPESTATUS[0]}}"
    for _ in range(200):
        append("signed_in", note="x" * 1000)

    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "Line 1: The file is empty."),
        (b"seq;body\n", "Line 1: An export does not begin like this."),
        (b"{\n", "Line 1: It is no JSON."),
    ],
)
def test_what_is_no_export_gets_a_sentence(content, said, tmp_path, capsys):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)

    assert run("verify-export", str(path)) == (1 if content is not None else 2)

    assert said in "".join(capsys.readouterr())
