from __future__ import annotations

import pytest
from django.core.management import call_command

from tests.integration.history.tampering import drop_triggers, written


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


@pytest.fixture
def rows():
    """Give a ledger of nine entries whose guards are gone."""
    entries = written(9)
    drop_triggers()
    return entries
