"""The scripts in the documents do what the text around them says."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction

from domains.history import ledger
from domains.models import Host

DOCS = Path(__file__).resolve().parents[2] / "docs"


def script(document, holding, folder):
    """Write a Python block of a document to a file."""
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / document).read_text(), re.MULTILINE | re.DOTALL)
    path = folder / "script.py"
    path.write_text(next(block for block in blocks if holding in block))
    return path


@pytest.fixture
def chain(sqlite_database):
    """Give a database file whose ledger has three entries, and the last one."""
    for number in range(3):
        with transaction.atomic():
            last = ledger.append("started", {"operation": number, "note": "größer"})
    return sqlite_database, last


def check(path, tmp_path):
    program = script("history.md", "sqlite3", tmp_path)
    return subprocess.run([sys.executable, program, path], capture_output=True, text=True, check=False)


def test_documented_check_prints_the_head_of_an_intact_history(chain, tmp_path):
    path, last = chain

    checked = check(path, tmp_path)

    assert (checked.returncode, checked.stdout) == (0, f"3 {last.hash}\n")


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE domains_historyentry SET body = replace(body, '\"operation\":1', '\"operation\":9') WHERE seq = 2",
        "DELETE FROM domains_historyentry WHERE seq = 2",
    ],
)
def test_documented_check_names_the_entry_that_was_tampered_with(chain, tmp_path, forgery):
    path, _ = chain
    with closing(sqlite3.connect(path)) as owner:
        owner.execute("DROP TRIGGER history_refuses_update")
        owner.execute("DROP TRIGGER history_refuses_delete")
        assert owner.execute(forgery).rowcount == 1
        owner.commit()

    checked = check(path, tmp_path)

    assert checked.returncode == 1
    assert "after entry 1" in checked.stderr


@pytest.mark.django_db
def test_documented_host_has_an_address_and_is_watched(capsys):
    (words,) = re.findall(
        r"^\S+python manage.py host (add .*)", (DOCS / "first-steps.md").read_text(), re.MULTILINE
    )
    call_command("host", *words.split())

    host = Host.objects.get(slug="rack1")
    assert "qemu+ssh://slotboard@rack1.example.org/system?no_tty=1" in capsys.readouterr().out
    assert host.enabled
