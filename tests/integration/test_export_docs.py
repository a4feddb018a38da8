"""The document about exports does what it says, with no program of Slotboard's."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

from domains.history import chain
from domains.history.export.columns import COLUMNS
from domains.history.export.forms import FORMS
from tests.integration.history.ledgers import append, make_operation

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "export.md").read_text()
[RECIPE] = re.findall(r"^```bash\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def check(path):
    return subprocess.run(["bash", "-c", RECIPE, "check", path], capture_output=True, text=True, check=False)


@pytest.fixture
def export(fresh_database, tmp_path):
    """Give an export with these options, of six entries."""
    make_operation("requested", "confirmed")
    make_operation("requested", "failed", actor="otto", status="failed", note='größer, "=1"\n\\')
    append("signed_in")
    make_operation("requested", actor="otto", status="queued")

    def made(*options):
        path = tmp_path / "export.ndjson"
        call_command("history", "export", *options, output=path)
        return path

    return made


@pytest.mark.parametrize(
    ("options", "last"),
    [((), 6), (("--from=2", "--to=4"), 4), (("--actor=otto",), 6), (("--actor=mara", "--compact"), 5)],
)
def test_sha256sum_and_jq_check_an_export(export, options, last):
    path = export(*options)
    [row] = chain.rows(last - 1, last)

    checked = check(path)

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, f"{last} {row.hash}\n", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [*lines[:3], *lines[4:]], "the lines before the trailer were changed"),
        (lambda lines: closed([*lines[:3], *lines[4:-1]], lines[-1]), "entry 4 stands after entry 2"),
        (
            lambda lines: closed([*lines[:3], lines[3].replace("otto", "mara"), *lines[4:-1]], lines[-1]),
            "entry 3 does not fit",
        ),
        (lambda lines: closed(lines[:-2], lines[-1]), "the trailer does not fit"),
    ],
)
def test_sha256sum_and_jq_find_what_does_not_fit(export, change, said):
    path = export()
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))

    checked = check(path)

    assert (checked.returncode, checked.stdout, checked.stderr) == (1, "", f"{said}\n")


def closed(lines, trailer):
    """Put a trailer behind these lines that gives their SHA-256, as a forger would."""
    digest = subprocess.run(
        ["sha256sum"], input="".join(lines), capture_output=True, text=True, check=True
    ).stdout[:64]
    return [*lines, f"{json.dumps({**json.loads(trailer), 'sha256': digest}, separators=(',', ':'))}\n"]


def test_document_names_every_key_and_every_column(export):
    keys = {key for line in export("--actor=otto").read_text().splitlines() for key in json.loads(line)}

    rows = re.findall(r"^\| (`.*?) \|", DOCUMENT, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert keys <= named
    assert {"row", "seq", *COLUMNS, "body", "digest", "previous_hash", "hash"} <= named
    assert set(FORMS) == {"ndjson", "csv"}
