"""Archiving that is killed at any step is finished by running it again, and nothing is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from domains.history.reindex import disagreement
from domains.history.verify import verify
from domains.models import HistoryEntry
from tests.integration.history.archives import archived_rows, fill, numbers, rows, run
from tests.integration.history.archiving import STEPS

pytestmark = pytest.mark.usefixtures("any_database")

ROOT = Path(__file__).resolve().parents[3]


def kill_at(step, before, folder):
    """Begin to archive in a process of its own that is killed at this step."""
    command = [sys.executable, "-m", "tests.integration.history.archiving", step, before, str(folder)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL


@pytest.mark.parametrize("step", list(STEPS))
def test_a_killed_archive_is_finished_by_running_it_again(step, tmp_path):
    before = fill()
    everything = rows(upto=9)
    kill_at(step, before, tmp_path)
    path = tmp_path / "history-1-9.ndjson"
    kept = {row.seq: row for row in rows()}
    if path.exists():
        kept |= {row[0]: row for row in archived_rows(path)}
    assert sorted(map(tuple, kept.values())) == sorted(map(tuple, everything))
    assert (verify().finding, disagreement()) == (None, "")

    status, _ = run("archive", "--before", before, "--output", str(tmp_path))

    assert (status, numbers()[0], list(tmp_path.iterdir())) == (0, 10, [path])
    assert archived_rows(path) == everything
    assert HistoryEntry.objects.filter(kind="archived").count() == 1
    assert verify().finding is None
    again, told = run("archive", "--before", before, "--output", str(tmp_path))
    assert (again, "can be archived: the oldest is entry 10" in told) == (2, True)


def test_nothing_is_removed_while_the_file_is_not_at_hand(tmp_path):
    before = fill()
    kill_at("half removed", before, tmp_path)
    path = tmp_path / "history-1-9.ndjson"
    elsewhere = path.rename(tmp_path / "elsewhere")
    digest = json.loads(HistoryEntry.objects.get(kind="archived").body)["sha256"]

    status, said = run("archive", "--before", before, "--output", str(tmp_path))

    assert (status, numbers()[0]) == (2, 7)
    assert f"{path} is not that file, so nothing is removed." in said
    assert digest in said
    path.write_text("another one")
    assert run("archive", "--before", before, "--output", str(tmp_path))[0] == 2
    assert run("archive", "--before", before, "--output", str(elsewhere))[0] == 0
    assert numbers()[0] == 10
