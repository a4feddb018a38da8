"""The line index can be made anew from the ledger, agrees with it, and says where it does not."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Q

from domains.history import ledger, reindex
from domains.history.search import Filters, find
from domains.models import HistoryLine, HistoryWords
from tests.integration.history.tampering import drop_triggers, execute
from tests.integration.history.test_search import ask, outside, write

pytestmark = pytest.mark.usefixtures("any_database")


def history(seed: int = 1, many: int = 120) -> None:
    """Write entries of many operations that go on at the same time, with others between them."""
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
    begun = 0
    for number in range(many):
        kind = chance.choice(["requested", "started", "failed", "refused", "outside", "granted"])
        if kind == "requested":
            begun += 1
            ask(begun, note=f"ticket {number}", requested={"vcpu": chance.randrange(9), "affect": "live"})
        elif kind in ("started", "failed") and begun:
            write(
                kind,
                operation=chance.randint(1, begun),
                status=kind,
                reason=chance.choice([None, "interrupted"]),
            )
        elif kind == "refused":
            write(kind, status=kind, reason="not_permitted", operation=chance.choice([None, begun]))
        elif kind == "outside":
            outside(appeared=str(number), disappeared="")
        elif kind == "granted":
            write(kind, host=None, domain=None, user="otto", role="viewer")


def stored():
    rows = HistoryLine.objects.order_by("seq").select_related("index")
    return [(line.index.words, *HistoryLine.objects.filter(pk=line.pk).values_list().get()) for line in rows]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(reindex, "_BATCH", 7)


def test_lines_made_anew_are_those_that_were_kept(small_batches):
    assert (reindex.reindex(), reindex.disagreement()) == (0, "")
    history()
    kept = stored()
    assert reindex.disagreement() == ""
    HistoryLine.objects.filter(seq__gt=10).update(status="succeeded")
    assert reindex.reindex() == len(kept) > 50
    assert stored() == kept
    assert reindex.disagreement() == ""


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda: HistoryLine.objects.filter(pk=2).update(status="succeeded"), "Line 2 .* status"),
        (lambda: HistoryLine.objects.filter(pk=2).update(actor=None), "Line 2 .* actor"),
        (lambda: HistoryWords.objects.filter(pk=3).update(words={"else"}), "Line 3 .* words"),
        (lambda: HistoryWords.objects.filter(pk=3).delete(), "Line 3 .* words"),
        (lambda: HistoryLine.objects.filter(pk=3).delete(), "Line 3 .* missing"),
        (lambda: HistoryLine.objects.filter(pk=3).update(latest="2000"), "Line 3 .* time"),
        (lambda: HistoryLine.objects.filter(pk=1).update(seq=5), "Line 1 .* missing"),
        (lambda: HistoryLine(seq=5, last_seq=5, time="x", latest="x", kind="outside").save(), "Line 5 .* no entry"),
    ],
)  # fmt: skip
def test_line_that_differs_is_named(change, what, small_batches):
    for number in range(4):
        ask(number)
    write("started", operation=3, status="running")
    change()
    assert reindex.disagreement().endswith("makes it anew.")
    with pytest.raises(AssertionError, match=what):
        assert reindex.disagreement() == ""
    reindex.reindex()
    assert reindex.disagreement() == ""


def test_archived_lines_go_and_what_went_on_begins_behind_them(small_batches):
    history()
    entries = [ask(901), ask(902)]
    last = write("started", operation=901, status="running")
    cut = entries[0]
    write("archived", host=None, domain=None, **{"from": 1, "to": cut})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM domains_historyentry WHERE seq <= %s", [cut])
        reindex.forget(cut)
    assert reindex.disagreement() == ""
    assert [line.seq for line in find(Filters(), Q())] == [last, entries[1]]
    assert [line.seq for line in find(Filters(status="running", actor="mara"), Q())] == [last]


@pytest.mark.parametrize("kept", [4, 2, 0])
def test_history_goes_on_where_somebody_removed_its_end(kept):
    for number in range(3):
        ask(number)
    write("refused", status="refused", reason="not_permitted")
    write("started", operation=0, status="running")
    drop_triggers()
    execute(("DELETE FROM domains_historyentry WHERE seq > %s", [kept]))
    later = [write("failed", operation=2, status="failed"), ask(7), outside(appeared="5")]
    assert later == [kept + 1, kept + 2, kept + 3]
    assert next(line.seq for line in find(Filters(), Q())) == later[-1]
    assert HistoryLine.objects.get(operation=2).status == "failed"
    assert HistoryLine.objects.filter(seq__gt=later[-1]).count() == 0
    reindex.reindex()
    assert reindex.disagreement() == ""


def test_history_goes_on_where_somebody_removed_its_lines_and_left_their_words():
    for number in range(3):
        ask(number, note="before")
    drop_triggers()
    execute("DELETE FROM domains_historyentry WHERE seq > 1", "DELETE FROM domains_historyline WHERE seq > 1")
    later = [ask(number, note="after") for number in (7, 8)]
    assert later == [2, 3]
    assert [line.seq for line in find(Filters(text="after"), Q())] == later[::-1]
    assert [line.seq for line in find(Filters(text="before"), Q())] == [1]
    assert reindex.disagreement() == ""


def test_archiving_goes_on_where_somebody_removed_the_end_of_an_operation():
    ask(1)
    write("started", operation=1, status="running")
    drop_triggers()
    execute("DELETE FROM domains_historyentry WHERE seq > 1")
    last = write("refused", status="refused", reason="not_permitted")
    execute("DELETE FROM domains_historyentry WHERE seq = 1")
    with transaction.atomic():
        reindex.forget(1)
    assert [line.seq for line in HistoryLine.objects.all()] == [last]
    assert reindex.disagreement() == ""


def test_lines_are_found_by_time_though_clocks_were_set_back(monkeypatch):
    chance = random.Random(3)  # noqa: S311  # repeatable, not secret
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(hours=number + chance.choice([0, 0, 0, -9, 5])) for number in range(60)]

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return moments[HistoryLine.objects.count()]

    monkeypatch.setattr(ledger, "datetime", Clock)
    seqs = [ask(number) for number in range(len(moments))]
    for _ in range(150):
        since, until = sorted(start + timedelta(hours=chance.uniform(-9, 70)) for _ in range(2))
        expected = [seq for seq, moment in zip(seqs, moments, strict=True) if since <= moment < until]
        assert [line.seq for line in find(Filters(since=since, until=until), Q())] == expected[::-1]
        expected = [seq for seq, moment in zip(seqs, moments, strict=True) if moment < until]
        assert [line.seq for line in find(Filters(until=until, host="hv1"), Q())] == expected[::-1]


def test_command_makes_the_index_anew_and_checks_it(capsys):
    ask(1)
    call_command("history", "reindex", "--check")
    HistoryLine.objects.update(status="succeeded")
    with pytest.raises(SystemExit) as ended:
        call_command("history", "reindex", "--check")
    assert ended.value.code == 1
    call_command("history", "reindex")
    call_command("history", "reindex", "--check")
    first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert first == fourth == "The line index agrees with the history."
    assert second.startswith("Line 1 of the line index says 'succeeded' for status, and the history 'queued'")
    assert third == "Made 1 lines from the history."
