"""The watcher publishes the head of the history, whatever becomes of the file."""

from __future__ import annotations

import pytest

from domains.history import headfile
from domains.models import Lease
from tests.integration.history.tampering import written
from tests.integration.watcher.conftest import wait_for_host, watching
from tests.waiting import wait_until


@pytest.fixture
def file(folder, settings, tmp_path):
    settings.HEAD_FILE = tmp_path / "heads.ndjson"
    settings.HEAD_ENTRIES = 3
    return settings.HEAD_FILE


def published(file):
    begun = file.is_file() and file.stat().st_size  # it is there before its first line is
    return [head.seq for head in headfile.read(file)] if begun else []


def test_one_watcher_of_two_publishes_the_head_at_the_start_and_after_enough_entries(file):
    written(2)
    with watching(), watching():
        wait_until(lambda: published(file)[-1:] == [2], what="the first head")
        written(3)
        wait_until(lambda: published(file)[-1:] == [5], what="the second head")
        assert Lease.objects.get(name="heads").holder

    heads = published(file)  # whoever takes the duty over publishes at its start, too
    assert (heads[0], heads[-1], heads == sorted(heads)) == (2, 5, True)
    assert Lease.objects.get(name="heads").holder == ""


def test_a_file_that_cannot_be_written_stops_nothing_and_is_made_up_for(file, host, caplog):
    file.mkdir()
    last = written(1)[-1]
    with watching():
        wait_until(lambda: "cannot be published" in caplog.text, what="the complaint")
        wait_for_host(host, state="connected")
        file.rmdir()
        wait_until(lambda: published(file), what="the head")

    assert [(head.seq, head.hash) for head in headfile.read(file)] == [(last.seq, last.hash)]
