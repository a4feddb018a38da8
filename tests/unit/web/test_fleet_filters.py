"""The fleet's filters in an address, what is refused in them, and the numbers of pages."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from domains.inventory.finding import FleetFilters
from domains.web.fleet_choices import pages_of
from domains.web.fleet_filters import asked_of, fleet_filters_of
from domains.web.query import Malformed

EVERYTHING = "q=web&host=hv1&state=shut+off&differs=1&waiting=1&unreachable=1&sort=-live"


def test_filters_are_read_as_they_are_written():
    wanted = FleetFilters(
        "web", "hv1", "shut off", differs=True, waiting=True, unreachable=True, sort="-live"
    )
    assert fleet_filters_of(QueryDict(EVERYTHING)) == wanted
    assert asked_of(QueryDict(EVERYTHING)).query() == EVERYTHING
    assert fleet_filters_of(QueryDict("")) == fleet_filters_of(QueryDict("q=+&host=&page=")) == FleetFilters()


def test_query_is_written_with_changes_and_without_its_page():
    asked = asked_of(QueryDict("q=web&state=paused&page=7"))
    assert asked.page == 7
    assert asked.query(state="", differs="1") == "q=web&differs=1"
    assert asked.query(page="8") == "q=web&state=paused&page=8"


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        ("state=dancing", "state", "No guest is ever “dancing”; choose one of: running, idle, "),
        ("sort=colour", "sort", "There is no order “colour”; choose one of: host, -host, name, "),
        ("differs=yes", "differs", "“differs” is either 1 or left out, not “yes”."),
        ("waiting=0", "waiting", "“waiting” is either 1 or left out, not “0”."),
        ("page=last", "page", "“last” is no page of a list; write its number, such as 2."),
        ("page=0", "page", "“0” is no page of a list; write its number, such as 2."),
        ("page=-1", "page", "“-1” is no page of a list; write its number, such as 2."),
        (f"q={'x' * 301}", "q", "What is given as “q” is too long; write at most 300 characters."),
        ("host=a%00b", "host", "What is given as “host” holds characters that no text has; type it anew."),
    ],
)
def test_nonsense_is_refused_by_name(query, name, sentence):
    with pytest.raises(Malformed) as caught:
        fleet_filters_of(QueryDict(f"q=web&{query}"))
    assert list(caught.value.problems) == [name]
    assert caught.value.problems[name].startswith(sentence)


@pytest.mark.parametrize(
    ("page", "last", "pages"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 2000, [1, 2, 3, None, 2000]),
        (500, 2000, [1, None, 498, 499, 500, 501, 502, None, 2000]),
        (3, 5, [1, 2, 3, 4, 5]),
        (2000, 2000, [1, None, 1998, 1999, 2000]),
    ],
)
def test_pages_are_numbered_around_the_one_that_is_shown(page, last, pages):
    assert pages_of(page, last) == pages
