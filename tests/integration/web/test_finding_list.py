"""The list of what was found in the history: its days and times, its news, its pages and what stands around it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from domains.models import HistoryLine, Verification
from domains.web import operations
from tests.integration.web.factory import make_domain, make_entry, make_host, make_operation
from tests.integration.web.found import plain, rows


def test_days_are_the_viewers_days_and_the_page_says_so(auditor, domain):
    operation = make_operation(
        domain, [(5, "live", "done")], status="succeeded", created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    )
    assert "Sunday, 1 March 2026" in auditor.get("/operations/").text
    auditor.cookies["zone"] = "Europe/Berlin"
    text = auditor.get("/operations/").text
    assert "Monday, 2 March 2026" in text
    assert 'data-zone="Europe/Berlin"' in text
    assert f'<tr id="operation-{operation.pk}"><td><time datetime="2026-03-01T23:30:00.000+00:00"' in text
    auditor.cookies["zone"] = "../../etc/passwd"
    assert 'data-zone="UTC"' in auditor.get("/operations/").text


def test_exact_times_are_shown_in_the_viewers_zone_whatever_the_address_says(auditor, history):
    auditor.cookies["zone"] = "Europe/Berlin"
    text = auditor.get(
        "/operations/?since=2026-11-25T10:00:00Z&until=2026-11-25T09:30:15&zone=Asia/Kolkata"
    ).text
    assert 'name="since" type="datetime-local" step="any" value="2026-11-25T11:00"' in text
    assert 'name="until" type="datetime-local" step="any" value="2026-11-25T05:00:15.000"' in text
    assert '<details class="further" open>' in text


def test_today_is_the_viewers_today(auditor, history):
    auditor.cookies["zone"] = "Europe/Berlin"
    text = auditor.get("/operations/?host=hv1").text
    assert 'href="/operations/?since=today&amp;host=hv1&amp;zone=Europe%2FBerlin">Today</a>' in text
    assert 'href="/operations/?since=1h&amp;host=hv1">Last hour</a>' in text


def test_yesterday_is_over_and_stays_chosen_while_other_filters_change(auditor, history):
    query = "since=yesterday&until=yesterday&host=hv1"
    text = auditor.get(f"/operations/?{query}").text
    assert f'href="/operations/?{html.escape(query)}" aria-current="true">Yesterday</a>' in text
    assert '<input type="hidden" name="since" value="yesterday">' in text
    assert '<input type="hidden" name="until" value="yesterday">' in text
    assert '<details class="further">' in text


def test_news_counts_what_came_since_and_fits(auditor, domain, monkeypatch):
    make_operation(domain, [(5, "live", "done")], status="succeeded")
    top = HistoryLine.objects.latest("seq").seq
    text = auditor.get("/operations/?host=hv1").text
    news = re.search(r'hx-get="(/operations/news/[^"]+)"', text)
    assert news
    assert html.unescape(news[1]) == f"/operations/news/?host=hv1&after={top}"
    assert auditor.get(html.unescape(news[1])).text.strip() == ""
    make_entry("outside", domain, effects=[])
    make_entry("outside", make_domain(make_host("hv2"), "db01"), effects=[])
    text = auditor.get(html.unescape(news[1])).text
    assert "1 new</a>" in text
    assert 'href="/operations/?host=hv1"' in text
    assert "2 new</a>" in auditor.get(f"/operations/news/?after={top}").text
    monkeypatch.setattr(operations, "MOST_NEWS", 1)
    assert "more than 1 new" in auditor.get(f"/operations/news/?after={top}").text


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 40])
def test_news_after_nothing_is_a_400(auditor, after):
    assert auditor.get("/operations/news/", {"after": after}).status_code == 400


def test_news_are_for_those_who_are_signed_in(client, db):
    assert client.get("/operations/news/?after=1").status_code == 302


def test_list_that_is_fetched_again_holds_the_same_rows(auditor, history, domain):
    text = auditor.get("/operations/?host=hv1").text
    again = re.search(r'id="list"[^>]* hx-get="([^"]+)"', text)
    assert again
    make_entry("outside", domain, effects=[])
    assert rows(auditor.get(html.unescape(again[1])).text) == rows(text)


def test_paging_keeps_the_filters(auditor, domain, monkeypatch):
    monkeypatch.setattr(operations, "PAGE", 2)
    for _ in range(3):
        make_entry("outside", domain, effects=[])
    text = auditor.get("/operations/?status=outside").text
    older = re.search(r'href="(\?[^"]+)" rel="next"', text)
    assert older
    text = auditor.get(f"/operations/{html.unescape(older[1])}").text
    assert len(rows(text)) == 1
    assert 'href="/operations/?status=outside">Newest</a>' in text


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", "Operations"),
        ("?show=access", "Access, roles and hosts"),
        ("?show=everything", "Everything in the history"),
    ],
)
def test_list_is_called_by_what_it_shows(query, title, auditor, domain):
    for kind in ("refused", "signed_in"):
        make_entry(kind, domain, actor="mara")
    text = auditor.get(f"/operations/{query}").text
    assert f"<title>{title} · Slotboard</title>" in text
    assert f'<caption class="sr">{title}, newest first</caption>' in text
    assert f'<p class="paper">{title}.' in text


def test_paper_says_what_was_looked_for(auditor, history):
    text = auditor.get("/operations/?host=hv1&status=failed").text
    paper = re.search(r'<p class="paper">.*?</p>', text)
    assert paper
    assert plain(paper[0]).startswith("Operations, only: host hv1; outcome failed. 1 found. Printed ")
    assert "by audrey; times in UTC." in plain(paper[0])


def test_narrow_rows_say_what_wide_ones_have_in_columns(auditor, domain):
    now = datetime.now(UTC)
    make_operation(
        domain, [(5, "live", "done")], status="succeeded", door="api", created_at=now,
        finished_at=now + timedelta(seconds=3),
    )  # fmt: skip
    assert '<small class="narrow">api, took 3.0 s</small>' in auditor.get("/operations/").text


def test_search_takes_the_same_queries_for_one_row_and_for_thirty(
    auditor, domain, django_assert_num_queries, django_assert_max_num_queries
):
    def fill():
        make_operation(domain, [(2, "live", "done")], status="succeeded", note="night")
        make_entry("refused", domain, actor="mara", action="add", note="night")

    fill()
    path = "/operations/?show=everything&q=night&host=hv1&since=7d"
    # PostgreSQL is also asked for the newest line, and told in a transaction how to count.
    with django_assert_max_num_queries({"sqlite": 15, "postgresql": 19}[connection.vendor]) as counted:
        auditor.get(path)
    for _ in range(15):
        fill()
    with django_assert_num_queries(len(counted)):
        assert len(rows(auditor.get(path).text)) == operations.PAGE


def test_page_says_when_the_history_was_verified_and_against_what(auditor, history):
    text = plain(auditor.get("/operations/").text)
    assert "Not verified yet" in text
    assert "Never verified." in text
    facts = {"at": datetime.now(UTC), "actor": "os:root", "entries": 6, "head_seq": 6, "head_hash": "ab" * 32}
    Verification.objects.create(**facts)
    text = plain(auditor.get("/operations/").text)
    assert "Intact when verified" in text
    assert (
        "up to entry 6, hash abababababab…; against no head kept elsewhere, so a cut-off or rewritten end"
        in text
    )
    assert f"intact up to entry 6, hash {'ab' * 32}." in text
    Verification.objects.create(
        **facts, against="/srv/heads/today.json", against_seq=5, against_hash="cd" * 32
    )
    assert "against the head of entry 5 in today.json" in plain(auditor.get("/operations/").text)
    Verification.objects.create(
        **facts, kind="unreadable", finding="The history cannot be read from its beginning."
    )
    text = plain(auditor.get("/operations/").text)
    assert "The history was not verified: it could not be read when that was tried" in text
    assert "The history cannot be read from its beginning." in text
    assert "not intact" not in text
    Verification.objects.create(**facts, kind="changed", finding="Entry 3 was changed.")
    text = auditor.get("/operations/").text
    assert "The history is not intact, as was found" in plain(text)
    assert "Entry 3 was changed." in text
    assert 'class="verified' not in text
