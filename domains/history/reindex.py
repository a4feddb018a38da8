"""Making the line index anew from the ledger alone, and comparing the two. Memory stays constant.

Entries that are not in the form in which Slotboard writes them belong to no line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connection, transaction
from django.db.models import Max, Model, QuerySet

from domains.history import ledger
from domains.history.form import Body, body_of
from domains.history.index import begin
from domains.history.lines import ALONE, Folded, begun, operation_of
from domains.models import HistoryEntry, HistoryLine, HistoryWords

_BATCH = 500
_LAST = 2**63 - 1
_ALIEN = "belongs to no entry of the history"


def reindex() -> int:
    """Make all lines anew; gives their number.

    One transaction that holds up everybody who wants to write to the history, so that it is complete and no
    reader ever sees half of it.
    """
    with transaction.atomic():
        ledger.wait_turn()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM domains_historywords")
        HistoryLine.objects.all().delete()
        return fill(HistoryLine, HistoryWords)


def forget(upto: int) -> None:
    """Let go of the lines whose entries are removed up to this one; to be called behind that, in its transaction.

    What is left of an operation that went on after it becomes a line that begins where the ledger now does.
    """
    cut = HistoryLine.objects.filter(seq__lte=upto, last_seq__gt=upto)
    left = list(cut.order_by("operation").values_list("operation", flat=True))
    HistoryWords.objects.filter(pk__lte=upto).delete()
    HistoryLine.objects.filter(seq__lte=upto).delete()
    for number in left:
        rest = HistoryEntry.objects.filter(operation=number).exclude(kind__in=ALONE)
        folded = _fold(rest)
        if folded is None:  # somebody had removed the end of the ledger, and the line still counted on it
            continue
        begin(folded)
        time = folded.columns["time"]
        HistoryLine.objects.filter(seq__gt=folded.columns["seq"], latest__lt=time).update(latest=time)


def _fold(entries: QuerySet[HistoryEntry]) -> Folded | None:
    """Fold an operation's entries into its line, if there are any."""
    folded = None
    for seq, body in _told(entries):
        if folded is None:
            folded = begun(seq, body)
        else:
            folded.take(seq, body)
    return folded


def _told(entries: QuerySet[HistoryEntry]) -> Iterator[tuple[int, Body]]:
    """Give the numbers and bodies of those entries that have the form of ours, in their order."""
    for seq, written in entries.order_by("seq").values_list("seq", "body").iterator():
        if (body := body_of(written)) is not None:
            yield seq, body


def fill(line_model: type[Model], words_model: type[Model]) -> int:
    """Put the lines of the whole ledger into empty tables; gives their number. A migration has models of its own."""
    made, latest = 0, ""
    for batch in _batches(lines_of_ledger()):
        lines = []
        for folded in batch:
            latest = max(latest, folded.columns["time"])
            lines.append(line_model(**folded.columns, latest=latest))
        line_model._default_manager.bulk_create(lines)
        words_model._default_manager.bulk_create(
            words_model(line_id=folded.columns["seq"], words=folded.words) for folded in batch
        )
        made += len(batch)
    return made


def disagreement() -> str:
    """Compare the line index with the ledger; names the first line that differs, or gives an empty text.

    Lines that somebody writes to meanwhile are not looked at, and nobody is held up.
    """
    upto = HistoryEntry.objects.aggregate(last=Max("seq"))["last"] or 0
    after, latest = 0, ""
    for batch in _batches(lines_of_ledger(upto)):
        expected = {folded.columns["seq"]: folded for folded in batch}
        last = max(expected)
        found = HistoryLine.objects.filter(seq__gt=after, seq__lte=last).select_related("index").in_bulk()
        for seq in sorted(found.keys() | expected.keys()):
            line = found.get(seq)
            if line is not None and line.last_seq > upto:
                continue
            if wrong := _difference(line, expected.get(seq), latest):
                return _said(seq, wrong)
            latest = line.latest if line else latest
        after = last
    beyond = HistoryLine.objects.filter(seq__gt=after, last_seq__lte=upto).order_by("seq").first()
    return _said(beyond.seq, _ALIEN) if beyond else ""


def _said(seq: int, wrong: str) -> str:
    return f"Line {seq} of the line index {wrong}; “manage.py history reindex” makes it anew."


def _difference(line: HistoryLine | None, expected: Folded | None, latest: str) -> str:
    if expected is None:
        return _ALIEN
    if line is None:
        return "is missing"
    for name, value in expected.columns.items():
        if getattr(line, name) != value:
            return f"says {getattr(line, name)!r} for {name}, and the history {value!r}"
    if line.latest < max(latest, line.time):
        return "is out of its place in time"
    words = getattr(line, "index", None)
    return "" if words and words.words == expected.words else "has other words than the history"


def lines_of_ledger(upto: int = _LAST) -> Iterator[Folded]:
    """Fold the entries up to ``upto`` into complete lines, in the order of their first entries."""
    after = 0
    while True:
        entries = HistoryEntry.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq")
        rows = list(entries.values_list("seq", "body")[:_BATCH])
        if not rows:
            return
        last = rows[-1][0]
        told = [(seq, body) for seq, written in rows if (body := body_of(written)) is not None]
        yield from _lines_begun_in(told, after, last, upto)
        after = last


def _lines_begun_in(rows: list[tuple[int, Body]], after: int, last: int, upto: int) -> Iterator[Folded]:
    """Fold the lines that begin with these rows, which lie above ``after`` up to ``last``."""
    of_operations = HistoryEntry.objects.exclude(kind__in=ALONE)
    numbers = {number for _, body in rows if (number := operation_of(body)) is not None}
    before = _told(of_operations.filter(operation__in=numbers, seq__lte=after))
    here = numbers - {operation_of(body) for _, body in before}
    lines: dict[int, Folded] = {}
    later: dict[int, Folded] = {}
    for seq, body in rows:
        number = operation_of(body)
        if number is None:
            lines[seq] = begun(seq, body)
        elif number in later:
            later[number].take(seq, body)
        elif number in here:
            lines[seq] = later[number] = begun(seq, body)
    for seq, body in _told(of_operations.filter(operation__in=here, seq__gt=last, seq__lte=upto)):
        later[body["operation"]].take(seq, body)
    yield from lines.values()


def _batches(lines: Iterable[Folded]) -> Iterator[list[Folded]]:
    """Give lines some at a time. ``islice`` goes on where it ended, as both are iterators."""
    going = iter(lines)
    while batch := list(islice(going, _BATCH)):
        yield batch
