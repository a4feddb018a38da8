"""What only SQLite can hold: values of any type in any column."""

from __future__ import annotations

import pytest

from domains.history.verify import verify
from tests.integration.history.tampering import change, drop_everything, execute, written


@pytest.fixture(autouse=True)
def nine_entries(sqlite_database):
    written(9)
    drop_everything()


def found():
    finding = verify().finding
    assert finding is not None
    return finding


def test_bytes_that_are_no_text_are_named_after_all_that_fits():
    execute("UPDATE domains_historyentry SET body = CAST(X'ff' AS TEXT) WHERE seq = 5")
    finding = found()
    assert (finding.kind, finding.seq) == ("unreadable", 5)
    assert "beyond entry 4" in finding.sentence


@pytest.mark.parametrize("number", ["five", b"5", 9.5])
def test_numbers_that_are_none(number):
    change(9, seq=number)
    finding = found()
    assert (finding.kind, finding.seq) == ("malformed", None)
    assert finding.sentence.startswith("Behind entry 8 stands a row whose number is no whole number")


@pytest.mark.parametrize("number", ["five", b"5", 5.5])
def test_numbers_that_are_none_behind_a_break(number):
    change(9, seq=number)
    change(5, body="{}")
    assert found().kind in {"changed", "malformed"}
