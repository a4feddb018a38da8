"""Lines of the history are folded from its entries and found by what stands in them, alike on both databases."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.history import ledger
from domains.history.search import Filters, count, entries, find, newer, page
from domains.models import HistoryLine

pytestmark = pytest.mark.usefixtures("any_database")
WEB01, DB01 = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


def write(kind: str, **facts):
    told = {
        "actor": "mara",
        "door": "page",
        "host": "hv1",
        "domain": {"name": "web01", "uuid": WEB01},
        **facts,
    }
    with transaction.atomic():
        return ledger.append(kind, told).seq


def ask(operation: int, **facts):
    told = {"action": "add", "requested": {"vcpu": 5, "affect": "live"}, "status": "queued", **facts}
    return write("requested", operation=operation, **told)


def outside(**effect):
    return write("outside", actor=None, door="watcher", effects=[{"side": "live", **effect}])


def found(**filters):
    return [line.seq for line in find(Filters(**filters), Q())]


def test_operation_is_one_line_with_its_request_and_its_latest_state():
    first = ask(7, note="release 42")
    write("started", operation=7, status="running")
    last = write("cancelled", operation=7, actor="otto", door="api", status="failed", reason="interrupted")
    line = HistoryLine.objects.get()
    assert (line.seq, line.last_seq, line.operation) == (first, last, 7)
    assert (line.kind, line.actor, line.door, line.action) == ("requested", "mara", "page", "add")
    assert (line.status, line.reason) == ("failed", "interrupted")
    assert found(status="failed", actor="mara") == [first]
    assert found(status="queued") == found(actor="otto") == found(door="api") == []
    assert found(text="otto") == found(text="release 42") == [first]


def test_every_column_is_filtered_and_filters_combine():
    one = ask(1)
    two = ask(2, host="hv2", domain={"name": "db01", "uuid": DB01}, actor="otto", door="api", action="remove")
    refused = write("refused", action="add", status="refused", reason="not_permitted")
    seen = outside(appeared="2-3", disappeared="")
    assert found() == [seen, refused, two, one]
    assert found(host="hv1") == [seen, refused, one]
    assert found(domain="db01") == found(domain=DB01) == found(domain=DB01.upper()) == [two]
    assert found(actor="otto") == found(action="remove") == found(door="api") == [two]
    assert found(status="refused") == found(reason="not_permitted") == [refused]
    assert found(status="outside") == found(door="watcher") == [seen]
    assert found(host="hv1", action="add") == [refused, one]
    assert found(host="hv2", action="add") == []


def test_slot_is_found_wherever_it_was_asked_for_meant_or_changed():
    listed = ask(1, requested={"vcpu": [2, 3], "affect": "live"})
    resolved = ask(2, requested={"vcpu": "first", "affect": "live"})
    write("started", operation=2, status="running", effects=[{"vcpu": 5, "side": "live"}])
    refused = write("refused", status="refused", requested={"vcpu": "0-7,9", "affect": "live"})
    seen = outside(appeared="", disappeared="4-6", fixed="8")
    odd = write("refused", status="refused", requested={"vcpu": "many", "affect": None})
    assert found(slot=5) == [seen, refused, resolved]
    assert found(slot=2) == [refused, listed]
    assert found(slot=8) == [seen]
    assert found(slot=50) == []
    assert found() == [odd, seen, refused, resolved, listed]
    assert found(text="5") == []  # a slot is no word


def test_words_are_beginnings_and_all_have_to_be_there():
    one = ask(1, note="Übergabe an Zoë: TICKET-4711", address="10.0.0.5", token="nightly scaling")
    two = ask(2, note="ticket 47110", address="10.0.0.50")
    assert found(text="ticket") == found(text="TICK 47") == [two, one]
    assert found(text="ubergabe zoe") == found(text="ÜBERGABE") == [one]
    assert found(text="ticket-4711") == [one]
    assert found(text="0.5") == found(text="10.0.0.5") == [two, one]
    assert found(text="10.0.0.50") == [two]
    assert found(text="scal night") == [one]
    assert found(text="scal day") == found(text="!!! …") == []
    assert found(text="  ") == [two, one]


def test_text_finds_what_the_host_said_and_other_names():
    said = {"vcpu": 5, "side": "live", "libvirt": {"code": 38, "text": "timeout of unplug request"}}
    one = ask(1)
    write("failed", operation=1, status="failed", message="web01 did not answer", effects=[said])
    two = write("outside", actor=None, effects=[{"side": None, "renamed_from": "old01"}])
    assert found(text="unplug timeout") == found(text="did not answer") == [one]
    assert found(text="old01") == [two]


def test_access_is_shown_apart():
    granted = write("granted", domain=None, host=None, user="otto", role="viewer")
    asked = ask(1)
    assert found() == [asked]
    assert found(show="access") == [granted]
    assert found(show="everything") == [asked, granted]
    assert found(show="access", text="otto") == [granted]


def test_lines_are_found_by_the_time_of_their_first_entry():
    seqs = [ask(number) for number in range(3)]
    times = [datetime.fromisoformat(line.time) for line in HistoryLine.objects.order_by("seq")]
    assert found(since=times[1]) == seqs[:0:-1]
    assert found(until=times[1]) == seqs[:1]
    assert found(since=times[1], until=times[2]) == [seqs[1]]
    assert found(since=datetime(2999, 1, 1, tzinfo=UTC)) == []


def test_only_what_may_be_seen_is_found():
    web = ask(1, note="both")
    ask(2, domain={"name": "db01", "uuid": DB01}, note="both")
    seen = Q(host="hv1", domain_uuid__in=[WEB01])
    assert [line.seq for line in find(Filters(text="both"), seen)] == [web]
    assert list(find(Filters(), Q(pk__in=[]))) == []


def test_pages_go_on_where_they_ended_while_lines_are_added():
    seqs = [ask(number) for number in range(5)]
    lines = find(Filters(), Q())
    first = page(lines, before=None, size=2)
    ask(9)
    second = page(lines, before=first.older, size=2)
    third = page(lines, before=second.older, size=2)
    assert [line.seq for part in (first, second, third) for line in part.lines] == seqs[::-1]
    assert third.older is None
    assert newer(lines, after=seqs[-1], cap=10) == 1
    assert newer(lines, after=seqs[0], cap=3) == count(lines, cap=3) == 3


def test_entries_of_lines_are_all_that_belong_to_them():
    one = ask(1)
    alone = write("refused", status="refused", operation=1)
    two = ask(2, host="hv2")
    later = write("started", operation=1, status="running")
    assert [entry.seq for entry in entries(find(Filters(host="hv1"), Q()))] == [one, alone, later]
    assert [entry.seq for entry in entries(find(Filters(host="hv2"), Q()))] == [two]
    assert [entry.seq for entry in entries(find(Filters(status="refused"), Q()))] == [alone]


@given(text=st.text(max_size=40) | st.text(alphabet="\"'*:&|!()<->\\%_^-+{}~·\0 aé", max_size=20))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_search_or_finds_what_it_does_not_name(text):
    assert count(find(Filters(text=text), Q()), cap=9) == 0


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=60))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_note_is_found_by_itself(text):
    seq = write("refused", status="refused", note=text)
    assert seq in found(text=text) or not any(character.isalnum() for character in text)


def test_any_filters_find_what_a_look_at_every_line_finds():
    chance = random.Random(5)  # noqa: S311  # repeatable, not secret
    values = {
        "host": ["hv1", "hv2", "HV1"],
        "actor": ["mara", "Mara", "otto d'or", "os:root", "o" * 200],
        "door": ["page", "api"],
        "action": ["add", "make_removable"],
        "status": ["queued", "failed"],
        "reason": ["not_permitted", "interrupted"],
    }
    for number in range(150):
        told = {name: chance.choice(values[name]) for name in values}
        write("requested", operation=number, requested={"vcpu": 1, "affect": "live"}, **told)
    rows = list(HistoryLine.objects.order_by("-seq"))
    for _ in range(150):
        asked = {
            name: chance.choice(values[name]) for name in chance.sample(sorted(values), chance.randint(1, 3))
        }
        fitting = [row.seq for row in rows if all(getattr(row, name) == asked[name] for name in asked)]
        assert found(**asked) == fitting
        assert count(find(Filters(**asked), Q()), cap=5) == min(5, len(fitting))
