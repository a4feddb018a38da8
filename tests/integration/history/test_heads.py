"""The head is published outside the database, and what is wrong with the file is said."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import stat
from datetime import timedelta

import pytest

from domains.history import chain, headfile
from domains.history.heads import Publisher
from domains.models import PublishedHead
from tests.integration.history.tampering import change, drop_everything, drop_triggers, remove, written

NEVER = timedelta(days=1)
ALWAYS = timedelta(0)


@pytest.fixture
def file(any_database, tmp_path):
    return tmp_path / "heads.ndjson"


def told(caplog) -> list[dict]:
    """Give what the publisher has logged."""
    return [record.msg for record in caplog.records if record.name == "domains.history.heads"]


def published(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_head_is_published_at_the_start_to_both_places(file, capsys):
    rows = written(3)

    Publisher(file, interval=NEVER, entries=1000).publish()

    time = json.loads(rows[-1].body)["time"]
    assert published(file) == [{"seq": 3, "hash": rows[-1].hash, "time": time}]
    assert capsys.readouterr().out == file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert headfile.read(file) == [chain.head()]


def test_the_database_knows_which_head_was_published_last(file):
    publisher = Publisher(file, interval=NEVER, entries=2)
    for count in (3, 2):
        written(count)
        publisher.publish()
        assert PublishedHead.objects.get().seq == chain.head().seq

    file.unlink()
    file.mkdir()
    written(2)
    publisher.publish()

    assert PublishedHead.objects.get().seq == 5


def test_nothing_is_published_while_there_is_no_entry(file, capsys):
    Publisher(file, interval=ALWAYS, entries=1).publish()

    assert not file.exists()
    assert capsys.readouterr().out == ""


def test_the_head_is_published_again_after_enough_entries(file):
    publisher = Publisher(file, interval=NEVER, entries=5)
    for count in (2, 4, 1, 4, 1):
        written(count)
        publisher.publish()

    assert [head["seq"] for head in published(file)] == [2, 7, 12]


def test_the_head_is_published_again_after_the_interval_if_it_is_another(file):
    publisher = Publisher(file, interval=ALWAYS, entries=1000)
    for count in (2, 0, 1, 0, 0):
        written(count)
        publisher.publish()

    assert [head["seq"] for head in published(file)] == [2, 3]


def test_a_history_that_became_shorter_is_published_at_once(file):
    publisher = Publisher(file, interval=NEVER, entries=1000)
    written(3)
    publisher.publish()
    drop_triggers()
    remove(3)
    publisher.publish()

    assert [head["seq"] for head in published(file)] == [3, 2]


def test_a_file_that_cannot_be_written_is_logged_once_and_made_up_for(file, capsys, caplog):
    file.mkdir()
    publisher = Publisher(file, interval=NEVER, entries=1000)
    written(3)
    publisher.publish()
    publisher.publish()
    assert [(line["level"], line["file"]) for line in told(caplog)] == [("error", str(file))]
    assert "Is a directory" in told(caplog)[0]["error"]
    file.rmdir()
    written(1)
    caplog.set_level("INFO")
    publisher.publish()
    publisher.publish()

    assert told(caplog)[1]["event"] == "the head of the history is published again"
    assert [head["seq"] for head in published(file)] == [4]
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_full_disk_leaves_no_half_line(file):
    """The limit on the size of files stops a write in the middle, as a full disk does."""
    rows = written(2)
    headfile.append(file, chain.Head(1, rows[0].hash, "then"))
    before = file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="only a part") as caught:
            headfile.append(file, chain.Head(2, rows[1].hash, "now"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    assert caught.value.errno == errno.ENOSPC
    assert file.read_bytes() == before


def test_a_closed_standard_output_does_not_keep_the_file_from_being_written(file, monkeypatch):
    written(1)
    reader, writer = os.pipe()
    os.close(reader)
    broken = os.fdopen(writer, "w")
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", broken)
        Publisher(file, interval=NEVER, entries=1000).publish()
    with pytest.raises(BrokenPipeError):
        broken.close()  # the line is still in its buffer

    assert [head["seq"] for head in published(file)] == [1]


def test_a_last_line_without_an_end_is_ended(file):
    rows = written(1)
    head = chain.Head(1, rows[0].hash, "then")
    file.write_text(head.line())

    headfile.append(file, chain.Head(1, rows[0].hash, "now"))

    assert [found.time for found in headfile.read(file)] == ["then", "now"]


def test_a_last_entry_without_a_number_is_logged(sqlite_database, tmp_path, caplog):
    written(2)
    drop_everything()
    change(2, seq="two")

    Publisher(tmp_path / "heads", interval=NEVER, entries=1000).publish()

    assert "has no number" in told(caplog)[0]["event"]


GOOD = {"seq": 1, "hash": "0" * 64, "time": "now"}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "5",
        "null",
        '"text"',
        "[" * 900,
        '{"seq":1}',
        json.dumps(GOOD | {"seq": 0}),
        json.dumps(GOOD | {"seq": -1}),
        json.dumps(GOOD | {"seq": True}),
        json.dumps(GOOD | {"seq": 1.0}),
        json.dumps(GOOD | {"seq": "1"}),
        json.dumps(GOOD | {"seq": 2**63}),
        json.dumps(GOOD | {"hash": "0" * 63}),
        json.dumps(GOOD | {"hash": "G" * 64}),
        json.dumps(GOOD | {"hash": "A" * 64}),
        json.dumps(GOOD | {"hash": None}),
        json.dumps(GOOD | {"time": 5}),
        json.dumps(GOOD | {"time": "x" * 2000}),
        "\xff",
        "\x00",
        json.dumps(GOOD) + json.dumps(GOOD),
    ],
)
def test_a_line_that_is_no_head_is_named(tmp_path, line):
    file = tmp_path / "heads"
    file.write_bytes(json.dumps(GOOD).encode() + b"\n\n" + line.encode("latin-1") + b"\n")

    with pytest.raises(headfile.HeadFileError, match="heads, line 3, is no head"):
        headfile.read(file)


def test_heads_are_read_once_each_whatever_else_they_hold(tmp_path):
    file = tmp_path / "heads"
    file.write_text(
        f"\n{json.dumps(GOOD)}\n{json.dumps(GOOD | {'more': 1})}\r\n\n{json.dumps(GOOD | {'seq': 2})}"
    )

    assert [head.seq for head in headfile.read(file)] == [1, 2]


@pytest.mark.parametrize(("name", "sentence"), [("missing", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, sentence):
    with pytest.raises(headfile.HeadFileError, match=f"cannot be read: {sentence}"):
        headfile.read(tmp_path / name)


def test_a_file_without_a_head_is_named(tmp_path):
    (tmp_path / "empty").write_text("\n\n")
    with pytest.raises(headfile.HeadFileError, match="holds no head"):
        headfile.read(tmp_path / "empty")
