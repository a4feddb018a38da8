from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from domains.history import ledger
from domains.history.export import writing
from domains.history.export.checking import Unfit, check
from domains.history.export.forms import FORMS
from domains.history.export.planning import CannotExport, Wish, begin, first_since, last_before
from domains.models import HistoryEntry
from tests.integration.history.ledgers import fill

BY = {"actor": "audrey", "door": "page", "address": "127.0.0.1", "token": None}
every_form = pytest.mark.parametrize("form", list(FORMS))


def write(count, **facts):
    with transaction.atomic():
        return [
            ledger.append(
                "started", {"operation": number, "actor": "mära" if number % 3 else "otto", **facts}
            )
            for number in range(count)
        ]


def by_otto():
    return HistoryEntry.objects.filter(actor="otto", kind="started")


def export(form="ndjson", **wish):
    form = FORMS[form]
    header = begin(Wish(**wish), form, BY)
    return b"".join(writing.lines(header, wish.get("matching"), form))


def proved(content):
    proof = check(io.BytesIO(content))
    counts = (proof.trailer.entries, proof.trailer.left_out)
    return proof.header.scope, proof.header.first, proof.header.last, *counts


def records(content):
    return [json.loads(line) for line in content.splitlines()]


@pytest.mark.usefixtures("any_database")
def test_an_archive_that_comes_before_the_export_begins_refuses_it():
    write(9)
    calls = []

    def archive_first(execute, sql, params, many, context):
        """Take away what was just found, at the first statement after it."""
        calls.append(sql)
        if len(calls) == 2:
            with connection.cursor() as cursor, transaction.atomic():
                ledger.append("archived", {"from": 1, "to": 4})
                cursor.execute("DELETE FROM domains_historyentry WHERE seq <= 4")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(archive_first), pytest.raises(CannotExport) as refused:
        begin(Wish(), FORMS["ndjson"], BY)

    assert str(refused.value).startswith("Entry 1 is being archived")
    assert not HistoryEntry.objects.filter(kind="exported").exists()


@every_form
@pytest.mark.usefixtures("any_database")
def test_what_is_exported_verifies(form, monkeypatch):
    monkeypatch.setattr(writing, "_NUMBERS", 3)
    monkeypatch.setattr(writing, "_BODIES", 2)
    write(20)

    assert proved(export(form)) == ("whole", 1, 20, 20, 0)
    assert proved(export(form, first=5, last=9)) == ("whole", 5, 9, 5, 0)
    assert proved(export(form, matching=by_otto())) == ("filtered", 1, 19, 7, 12)
    assert proved(export(form, matching=by_otto(), compact=True)) == ("compact", 1, 19, 7, 0)
    assert proved(export(form, matching=by_otto().filter(seq__lt=9), first=3, last=12)) == (
        "filtered",
        1,
        12,
        3,
        9,
    )


@pytest.mark.usefixtures("any_database")
def test_bodies_are_exported_as_they_are_hashed():
    entries = write(4, note='größer, "=1"\n')

    header, *lines, trailer = records(export())

    assert [(line["seq"], line["body"], line["previous_hash"], line["hash"]) for line in lines] == [
        (entry.seq, entry.body, entry.previous_hash, entry.hash) for entry in entries
    ]
    assert header["previous_hash"] == ledger.GENESIS
    assert trailer["hash"] == entries[-1].hash


@pytest.mark.usefixtures("any_database")
def test_who_exports_what_is_an_entry_that_the_export_ends_before():
    write(5)

    content = export("ndjson", matching=by_otto(), filters={"actor": "otto"})

    entry = HistoryEntry.objects.get(kind="exported")
    told = json.loads(entry.body)
    assert told | BY == told
    assert (told["format"], told["scope"], told["filters"]) == ("ndjson", "filtered", {"actor": "otto"})
    assert (told["from"], told["to"], told["host"]) == (1, 4, None)
    header = records(content)[0]
    assert (header["recorded"], header["filters"], header["actor"]) == (
        entry.seq,
        {"actor": "otto"},
        "audrey",
    )
    assert proved(export()) == ("whole", 1, 6, 6, 0)


@pytest.mark.usefixtures("any_database")
def test_what_comes_while_it_is_written_does_not_belong_to_it():
    write(3)
    form = FORMS["ndjson"]
    header = begin(Wish(), form, BY)
    lines = writing.lines(header, None, form)
    first = next(lines)
    write(3)

    assert proved(first + b"".join(lines)) == ("whole", 1, 3, 3, 0)


@pytest.mark.usefixtures("any_database")
def test_a_range_of_time_is_the_entries_written_in_it():
    early, middle, late = write(3)
    moment = datetime.fromisoformat(middle.time)

    assert first_since(moment) == middle.seq
    assert last_before(moment) == early.seq
    assert first_since(moment + timedelta(microseconds=1)) == late.seq
    assert first_since(datetime.now(UTC)) is None
    assert last_before(datetime.fromisoformat(early.time)) is None


@pytest.mark.usefixtures("any_database")
def test_what_cannot_be_exported_is_said_and_leaves_no_entry():
    def told(**wish):
        with pytest.raises(CannotExport) as refused:
            export(**wish)
        return str(refused.value)

    assert told() == "The history has no entry yet, so there is nothing to export."
    write(3)
    assert told(last=9) == "The history ends with entry 3; there is no entry 9 yet."
    assert told(first=3, last=2) == "There is no entry in that range, so there is nothing to export."
    assert told(matching=by_otto().filter(door="api")) == "No entry matches, so there is nothing to export."
    with transaction.atomic():
        ledger.append("archived", {"from": 1, "to": 2})
    HistoryEntry.objects.filter(seq__lte=2).delete()
    assert told(first=1) == "The history begins with entry 3; what stood before is not in it now."
    assert not HistoryEntry.objects.filter(kind="exported").exists()


@pytest.mark.parametrize("wish", [{}, {"matching": by_otto}, {"matching": by_otto, "compact": True}])
@pytest.mark.usefixtures("any_database")
def test_an_archive_that_takes_entries_away_meanwhile_interrupts_it(wish, monkeypatch):
    monkeypatch.setattr(writing, "_BODIES", 1)
    write(6)
    wish = {key: value() if callable(value) else value for key, value in wish.items()}
    form = FORMS["ndjson"]
    lines = writing.lines(begin(Wish(**wish), form, BY), wish.get("matching"), form)
    content = [next(lines)]
    with transaction.atomic():
        ledger.append("archived", {"from": 1, "to": 4})
    HistoryEntry.objects.filter(seq__lte=4).delete()

    with pytest.raises(writing.Interrupted, match="being archived"):
        content.extend(lines)
    with pytest.raises(Unfit):
        check(io.BytesIO(b"".join(content)))


def peak(form, path, **wish):
    """Export to a file and read it back; gives the highest memory of either, in bytes."""
    header = begin(Wish(**wish), FORMS[form], BY)
    tracemalloc.start()
    try:
        with path.open("wb") as file:
            file.writelines(writing.lines(header, wish.get("matching"), FORMS[form]))
        with path.open("rb") as file:
            assert check(file).trailer.entries > 1000
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("any_database")
def test_memory_does_not_grow_with_the_export(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_NUMBERS", 500)
    kinds = {
        ("whole", "ndjson"): {},
        ("filtered", "csv"): {"matching": by_otto()},
        ("compact", "csv"): {"matching": by_otto(), "compact": True},
    }
    fill(5_000)
    first = {which: peak(which[1], tmp_path / "export", **wish) for which, wish in kinds.items()}
    fill(10_000)
    second = {which: peak(which[1], tmp_path / "export", **wish) for which, wish in kinds.items()}

    assert [which for which in kinds if second[which] > 1.1 * first[which]] == []
    assert max(second.values()) < 15e6
