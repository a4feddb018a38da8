"""The filters of the history in an address: what is read, what is refused and how, and that both ways agree."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from domains.history.search import Filters
from domains.models import Status
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action
from domains.web import filter_choices
from domains.web.filters import asked_of, filters_of, query_of
from domains.web.query import LONGEST, Malformed
from domains.web.times import read_moment, read_zone

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def read(text: str) -> Filters:
    return filters_of(QueryDict(text), now=NOW)


def problems(text: str) -> dict[str, str]:
    with pytest.raises(Malformed) as caught:
        read(text)
    return caught.value.problems


def test_every_parameter_is_read():
    assert read(
        "since=2026-11-01&until=2026-11-25T14:30:15Z&host=hv1&domain=web01&actor=mara&action=remove"
        "&status=failed&reason=domain_busy&door=api&slot=5&q=ticket+4711&show=everything"
    ) == Filters(
        since=datetime(2026, 11, 1, tzinfo=UTC),
        until=datetime(2026, 11, 25, 14, 30, 15, tzinfo=UTC),
        host="hv1",
        domain="web01",
        actor="mara",
        action="remove",
        status="failed",
        reason="domain_busy",
        door="api",
        slot=5,
        text="ticket 4711",
        show="everything",
    )


def test_nothing_asked_for_is_everything_there_is_of_operations():
    assert read("") == read("q=&since=&host=+&show=&before=7") == Filters()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1h", NOW - timedelta(hours=1)),
        ("7d", NOW - timedelta(days=7)),
        ("today", datetime(2026, 11, 24, 23, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-11-25T14:30", datetime(2026, 11, 25, 13, 30, tzinfo=UTC)),
        ("2026-11-25 14:30:01.5", datetime(2026, 11, 25, 13, 30, 1, 500_000, tzinfo=UTC)),
        ("2026-11-25T14:30:00.123456Z", datetime(2026, 11, 25, 14, 30, 0, 123_456, tzinfo=UTC)),
        ("2026-11-25T14:30:00+05:30", datetime(2026, 11, 25, 9, tzinfo=UTC)),
        ("2026-11-25T14:30:00 05:30", datetime(2026, 11, 25, 9, tzinfo=UTC)),
    ],
)
def test_time_without_a_zone_is_meant_in_the_viewers(text, moment):
    zone = read_zone(BERLIN)
    assert zone is not None
    assert read_moment(text, zone, now=NOW) == moment


def test_a_day_lasts_until_its_end_in_the_viewers_zone():
    filters = read(f"since=2026-11-25&until=2026-11-25&zone={BERLIN}")
    assert filters.since == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert filters.until == datetime(2026, 11, 25, 23, tzinfo=UTC)
    assert read("until=2026-11-25").until == datetime(2026, 11, 26, tzinfo=UTC)


def test_yesterday_lasts_until_today_begins_in_the_viewers_zone():
    filters = read(f"since=yesterday&until=yesterday&zone={BERLIN}")
    assert filters.since == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert filters.until == datetime(2026, 11, 24, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow", "0h", "-1d", "12345d", "5m", "2026-13-01", "2026-02-30", "20261125", "2026-W48-3", "25.11.2026",
        "2026-11-25T25:00", "2026-11-25T14", "2026-11-25T14:30+99:00", "0001-01-01T00:00+14:00", "9999-12-31",
        "9999-12-31T23:59-12:00", "٢٠٢٦-11-25", "1h ", "\N{SUPERSCRIPT TWO}h",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(text):
    assert read_moment(text, UTC, now=NOW, end=True) is None


@pytest.mark.parametrize(
    "name", ["", "Nowhere/Land", "../../etc/passwd", "/etc/localtime", "Europe", "\0", "x" * 300]
)
def test_what_is_no_zone_is_none(name):
    assert read_zone(name) is None


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("since=tomorrow", "since", "“tomorrow” is no time; write 2026-11-25, 2026-11-25T14:30,"),
        ("until=2026-02-30", "until", "“2026-02-30” is no time;"),
        (
            "since=today&zone=Nowhere",
            "zone",
            "“Nowhere” is no time zone that is known here; leave it out for UTC.",
        ),
        ("slot=five", "slot", "“five” is no slot; write its number, such as 5."),
        ("slot=-1", "slot", "“-1” is no slot;"),
        (
            "action=explode",
            "action",
            "There is no action “explode”; choose one of: add, remove, make_removable,",
        ),
        ("status=done", "status", "There is no outcome “done”; choose one of: queued,"),
        ("reason=bad", "reason", "There is no reason “bad”; choose one of: "),
        ("door=window", "door", "There is no door “window”; choose one of: page, api, command, watcher."),
        ("show=secrets", "show", "choose one of: operations, access, everything."),
        (f"q={'x' * (LONGEST + 1)}", "q", "What is given as “q” is too long; write at most 300 characters."),
        ("host=a%00b", "host", "What is given as “host” holds characters that no text has; type it anew."),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(text, name, sentence):
    found = problems(text)
    assert set(found) == {name}
    assert sentence in found[name]


def test_all_that_makes_no_sense_is_named_at_once():
    assert set(problems("since=x&until=y&slot=z&action=a")) == {"since", "until", "slot", "action"}


def test_zone_matters_only_where_a_time_depends_on_it():
    assert read(f"since=1h&host=hv1&zone={BERLIN}&zone=Nowhere").host == "hv1"
    assert asked_of(QueryDict(f"since=7d&zone={BERLIN}")).query() == "since=7d"
    assert (
        asked_of(QueryDict(f"until=2026-11-25T14:30Z&zone={BERLIN}")).query() == "until=2026-11-25T14%3A30Z"
    )
    assert asked_of(QueryDict(f"zone={BERLIN}&since=today")).query() == "since=today&zone=Europe%2FBerlin"
    assert asked_of(QueryDict("zone=UTC&since=today")).query() == "since=today"


def test_address_is_cleaned_up_and_can_be_changed():
    asked = asked_of(QueryDict("slot=&host=hv1&since=7d&since=&q=+a+b+&show=operations&before=12&x=y"))
    assert asked.query() == "q=a+b&since=7d&host=hv1"
    assert asked.query(host="", status="failed") == "q=a+b&since=7d&status=failed"
    assert (
        asked.query(before="9", since="today", show="access")
        == "show=access&q=a+b&since=today&host=hv1&before=9"
    )
    assert asked.query(since="today", zone=BERLIN) == "q=a+b&since=today&host=hv1&zone=Europe%2FBerlin"
    assert asked.query(since="1h", zone=BERLIN) == asked.query(since="1h") == "q=a+b&since=1h&host=hv1"
    assert asked_of(QueryDict(f"since=today&zone={BERLIN}")).query(since="") == ""
    assert asked.names == ["q", "since", "host"]


def test_a_filter_given_twice_counts_as_it_was_given_last():
    assert read("host=hv1&host=hv2").host == "hv2"
    assert read("since=7d&since=2026-11-01").since == datetime(2026, 11, 1, tzinfo=UTC)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40).map(str.strip)
moments = st.timedeltas(timedelta(days=-40_000), timedelta(days=40_000)).map(lambda passed: NOW + passed)


@given(
    st.builds(
        Filters,
        since=st.none() | moments,
        until=st.none() | moments,
        host=texts,
        domain=texts,
        actor=texts,
        action=st.sampled_from(["", *Action]),
        status=st.sampled_from(["", *Status.values, "refused", "outside"]),
        reason=st.sampled_from(["", *Reason]),
        door=st.sampled_from(["", "page", "api", "command", "watcher"]),
        slot=st.none() | st.integers(0, 10_000),
        text=texts,
        show=st.sampled_from(["operations", "access", "everything"]),
    )
)
def test_filters_are_read_from_what_they_are_written_to(filters):
    written = query_of(filters)
    assert filters_of(QueryDict(written)) == filters
    assert asked_of(QueryDict(written)).values == {
        name: value for name, (value,) in parse_qs(written).items()
    }


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text):
    for name in ("since", "until", "slot", "q", "show", "zone", "reason"):
        query = QueryDict(mutable=True)
        query["since"] = "2026-11-25"
        query[name] = text
        with suppress(Malformed):
            filters_of(query)


def test_every_choice_is_a_value_that_can_be_read():
    for name, choices in filter_choices.CHOICES.items():
        for choice in choices:
            assert choice.words
            assert getattr(read(f"{name}={choice.value}"), name) == choice.value
    assert len({choice.words for choice in filter_choices.CHOICES["reason"]}) == len(Reason)
    assert all(f"({reason})" in filter_choices.words_of("reason", reason) for reason in Reason)
