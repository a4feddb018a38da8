"""The fleet as a list: searched, filtered, sorted, counted, paged through, and brought up to date."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from domains.models import Domain
from domains.web.fleet_sheet import PAGE
from tests.integration.web.factory import make_domain, make_host, make_operation, make_user, slot_map

HTMX = {"HTTP_HX_REQUEST": "true"}


def names(text: str) -> list[str]:
    return re.findall(r'<a class="name"[^>]*><bdi>([^<]*)</bdi>', text)


def picks(text: str) -> dict[str, str]:
    nav = text[text.index('id="picks"') : text.index("</nav>", text.index('id="picks"'))]
    found = re.findall(r"<a [^>]*>(?:<svg.*?</svg>)?([^<]*) <b>([\d,]+)</b>", nav)
    return dict(found)


@pytest.fixture
def fleet(host) -> Domain:
    """Three guests on a host that answers, two on one that does not."""
    away = make_host("hv2", state="unreachable", seen=240)
    make_domain(host, "web01", live=slot_map(8, "0-5", "4-5"))
    make_domain(host, "db01", state="shut off", live=None)
    waiting = make_domain(host, "web02")
    make_operation(waiting, [(5, "live", "waiting")], action="remove", status="waiting")
    make_domain(away, "web03", state="paused")
    make_domain(away, "app01")
    return waiting


def test_search_narrows_the_list_and_every_number(viewer, fleet):
    text = viewer.get("/?q=WEB").text
    assert names(text) == ["web01", "web02", "web03"]
    assert picks(text) == {
        "All": "5",
        "running": "2",
        "paused": "1",
        "Live and config differ": "1",
        "Waiting or under way": "1",
        "Host away": "1",
    }
    assert "5 guests on 2 hosts" in text
    assert '<option value="hv1">hv1 (2)</option>' in text
    assert 'name="q" value="WEB"' in text


def test_each_pick_leaves_as_many_as_it_says(viewer, fleet):
    start = viewer.get("/?q=web").text
    for link in re.findall(r'<a href="(/\?[^"]*)">(?:<svg.*?</svg>)?[^<]* <b>\d+</b>', start):
        address = link.replace("&amp;", "&")
        said = int(re.search(re.escape(link) + r'">.*?<b>(\d+)</b>', start)[1])
        assert len(names(viewer.get(address).text)) == said, address


def test_a_host_in_the_words_counts_all_that_it_has(viewer, fleet):
    text = viewer.get("/?q=hv2").text
    assert names(text) == ["app01", "web03"]
    assert "<b>2</b> fit" in text


def test_filters_stay_while_words_are_typed_and_can_be_dropped(viewer, fleet):
    text = viewer.get("/?state=running&differs=1&q=w").text
    assert '<input type="hidden" name="state" value="running">' in text
    assert '<input type="hidden" name="differs" value="1">' in text
    assert 'href="/?q=w&amp;state=running" aria-current="true"' in text


def test_nothing_found_says_what_would_be(viewer, fleet):
    text = viewer.get("/?q=web&state=crashed").text
    assert "No guest fits" in text
    assert '<a href="/?q=web">3 fit without the other filters</a>' in text


def test_sorting_says_so_and_shows_the_host_of_each(viewer, fleet):
    text = viewer.get("/?sort=-live").text
    assert names(text)[0] == "web01"
    assert names(text)[-1] == "db01"
    assert re.search(r'aria-sort="descending"><a href="\?sort=live">Live / max</a>', text)
    assert '<tr id="host-' not in text
    assert '<td class="at">hv2</td>' in text
    assert '<a href="?sort=name">Guest</a>' in text


def test_guest_of_a_host_that_is_away_says_how_old_its_state_is(viewer, fleet):
    away = Domain.objects.get(name="web03").host
    text = viewer.get("/?sort=name&unreachable=1").text
    seen = away.last_seen.isoformat(timespec="milliseconds")
    assert f'was paused</span><small class="at"><time datetime="{seen}"' in text


def test_pages_hold_everything_once(viewer, host):
    for number in range(PAGE * 2 + 1):
        make_domain(host, f"guest{number:03}")
    pages = [viewer.get(f"/?sort=name&page={page}").text for page in (1, 2, 3)]
    assert [name for text in pages for name in names(text)] == [f"guest{n:03}" for n in range(PAGE * 2 + 1)]
    assert 'rel="next" href="/?sort=name&amp;page=3"' in pages[1]
    assert 'aria-current="page"><span class="sr">Page </span>2</a>' in pages[1]
    assert names(viewer.get("/?sort=name&page=99").text) == names(pages[2])


@pytest.mark.parametrize("query", ["state=x", "sort=x", "differs=x", "page=x", "q=a%00"])
def test_nonsense_is_answered_with_a_sentence(viewer, fleet, query):
    answer = viewer.get(f"/?{query}")
    assert answer.status_code == 400
    assert "Nothing was looked for." in answer.text
    assert viewer.get(f"/fleet/news/?{query}").status_code == 400


def test_form_leads_to_a_short_address_and_htmx_is_told_it(viewer, fleet):
    answer = viewer.get("/?q=web&host=&sort=")
    assert (answer.status_code, answer["Location"]) == (302, "/?q=web")
    answer = viewer.get("/?q=web&host=&sort=", HTTP_HX_CURRENT_URL="http://testserver/", **HTMX)
    assert (answer.status_code, answer["HX-Push-Url"]) == (200, "/?q=web")


def test_only_those_who_may_change_a_guest_can_choose_it(viewer, operator, fleet):
    assert 'name="domain"' not in viewer.get("/").text
    assert 'id="bulk"' not in viewer.get("/").text
    text = operator.get("/?q=web").text
    assert text.count('name="domain"') == 3
    assert '<form class="bulk" id="bulk" method="get" action="/batches/new/">' in text
    assert 'href="/batches/new/?all=1&amp;q=web">Change all 3 that fit…</a>' in text
    user = make_user("omar", "viewer")
    user.grant_set.create(role="operator", pattern="db*")
    some = Client()
    some.force_login(user)
    text = some.get("/").text
    assert text.count('name="domain"') == 1
    assert ">Change all…</a>" in text


def test_page_listens_to_the_rows_that_it_shows(viewer, fleet):
    text = viewer.get("/?q=web02").text
    assert re.findall(r"topic=([^&]*)&amp;", text) == ["fleet", f"row%3A{fleet.pk}"]


def test_news_bring_the_numbers_and_say_whether_the_list_is_another(viewer, host, fleet):
    address = re.search(r'id="news" role="status" hx-get="([^"]*)"', viewer.get("/?q=web").text)[1]
    address = address.replace("&amp;", "&")
    same = viewer.get(address).text
    assert "The list has changed" not in same
    assert picks(same)["running"] == "2"
    make_domain(host, "web04")
    other = viewer.get(address).text
    assert "The list has changed" in other
    assert picks(other)["running"] == "3"
    assert "6 guests on 2 hosts" in other


def test_a_fleet_that_fits_on_a_page_grows_by_itself(viewer, host):
    news = '<div id="news" role="status" hx-get="/fleet/news/?&amp;page=1&amp;shown='
    assert news in viewer.get("/").text
    assert 'hx-trigger="load"' in viewer.get("/fleet/news/?shown=other").text
    make_domain(host, "web04")
    assert 'hx-trigger="load"' in viewer.get("/fleet/news/?shown=other").text
    assert 'hx-trigger="load"' not in viewer.get("/fleet/news/?q=web&shown=other").text


QUERIES = ["", "q=web", "q=11889c4d", "host=hv1", "state=running", "differs=1", "waiting=1", "unreachable=1",
           "sort=-changed", "sort=name&page=2", "q=nobody"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_every_view_takes_at_most_eight_queries(fleet, host, query):
    user = make_user("nina", "viewer", pattern="web*")
    for pattern in ("db*", "a?p*", "guest*"):
        user.grant_set.create(role="operator", pattern=pattern, host=host)
    for number in range(PAGE + 1):
        make_operation(make_domain(host, f"guest{number}"), [(2, "live", "pending")])
    client = Client()
    client.force_login(user)
    for path in (f"/?{query}", f"/fleet/news/?{query}"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        assert len(queries) <= 8, path
