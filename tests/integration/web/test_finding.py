"""The history's list can be searched, and says what it searched for."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client

from domains.history import ledger
from domains.models import HistoryLine, Verification
from domains.web import finding, operations
from domains.web.filters import filters_of as read
from domains.web.filters import query_of
from tests.integration.web.factory import make_domain, make_entry, make_host, make_operation, make_user

HTMX = {"HX-Request": "true"}


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<.*?>", "", text)))


def rows(text: str) -> list[str]:
    return re.findall(r'<tr id="((?:operation|entry)-\d+)"', text)


def chips(text: str) -> dict[str, str]:
    """Give what each filter in use says, and the address without it."""
    found = re.findall(r'<a class="chosen" href="([^"]+)">(.*?)</a>', text)
    return {
        plain(words).removesuffix(", drop this filter"): html.unescape(address) for address, words in found
    }


@pytest.fixture
def auditor(db: None) -> Client:
    client = Client()
    client.force_login(make_user("audrey", "auditor"))
    return client


@pytest.fixture
def history(host, domain):
    """Give rows of different kinds: their keys by a word for each."""
    db01 = make_domain(make_host("hv2"), "db01")
    added = make_operation(domain, [(5, "live", "done")], status="succeeded", note="ticket OPS-4711")
    failed = make_operation(
        domain, [(2, "live", "failed")], action="remove", status="failed", actor="jonas", door="api",
        reason="domain_busy", message="It was busy.",
    )  # fmt: skip
    other = make_operation(db01, [(7, "config", "done")], status="succeeded", actor="jonas")
    refused = make_entry("refused", db01, actor="vera", door="api", action="add", requested={"vcpu": [5]})
    outside = make_entry("outside", domain, effects=[{"side": "live", "appeared": "6", "disappeared": ""}])
    with transaction.atomic():
        role = ledger.append(
            "granted",
            {"actor": "os:root", "door": "command", "host": None, "user": "mara", "role": "operator"},
        )
    return {
        "added": f"operation-{added.pk}",
        "failed": f"operation-{failed.pk}",
        "other": f"operation-{other.pk}",
        "refused": f"entry-{refused.seq}",
        "outside": f"entry-{outside.seq}",
        "role": f"entry-{role.seq}",
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "outside refused other failed added"),
        ("host=hv2", "refused other"),
        ("domain=web01", "outside failed added"),
        ("actor=jonas", "other failed"),
        ("actor=jonas&host=hv1", "failed"),
        ("action=remove", "failed"),
        ("status=outside", "outside"),
        ("status=succeeded", "other added"),
        ("reason=domain_busy", "failed"),
        ("door=api", "refused failed"),
        ("slot=5", "refused added"),
        ("slot=6", "outside"),
        ("q=ops-47", "added"),
        ("q=busy&actor=jonas&slot=2", "failed"),
        ("since=1h", "outside refused other failed added"),
        ("until=1h", ""),
        ("show=access", "role"),
        ("show=everything", "role outside refused other failed added"),
        ("show=everything&door=command", "role"),
    ],
)  # fmt: skip
def test_each_filter_and_any_together(auditor, history, query, found):
    assert rows(auditor.get(f"/operations/?{query}").text) == [history[word] for word in found.split()]


def test_only_the_part_of_the_history_that_one_may_see_is_found_and_counted(history):
    dora = Client()
    dora.force_login(make_user("dora", "viewer", pattern="db*"))
    for query in ("", "show=everything", "q=jonas", "actor=jonas", "host=hv1"):
        found = set(rows(dora.get(f"/operations/?{query}").text))
        assert found <= {history["other"], history["refused"]}, query
    text = dora.get("/operations/?show=everything").text
    assert "<b>2</b> lines" in text
    assert re.findall(r"<option>(\w+)</option>", text) == ["hv2"]
    assert '<option value="dora">' in text
    assert '<option value="mara">' not in text
    assert "/operations/export/" not in text


def test_filters_in_use_can_be_dropped_one_by_one(auditor, history):
    text = auditor.get("/operations/?reason=domain_busy&host=hv1&q=busy&since=7d").text
    assert chips(text) == {
        "Words busy": "/operations/?since=7d&host=hv1&reason=domain_busy",
        "From Last 7 days": "/operations/?q=busy&host=hv1&reason=domain_busy",
        "Host hv1": "/operations/?q=busy&since=7d&reason=domain_busy",
        "Reason hypervisor busy with the guest (domain_busy)": "/operations/?q=busy&since=7d&host=hv1",
    }
    assert "<b>1</b> line<" in text
    assert '<option value="domain_busy" selected>' in text
    assert "<option selected>hv1</option>" in text
    assert 'name="q" value="busy"' in text
    assert '<input type="hidden" name="since" value="7d">' in text


def test_nothing_found_says_which_filter_to_drop(auditor, history):
    text = auditor.get("/operations/?host=hv1&actor=jonas&status=succeeded").text
    assert "Nothing fits all of this" in text
    told = re.findall(r'<li>without <a href="([^"]+)">(.*?)</a>: (.*?)</li>', text)
    assert [(html.unescape(address), plain(words), count) for address, words, count in told] == [
        ("/operations/?actor=jonas&status=succeeded", "host hv1", "1"),
        ("/operations/?host=hv1&status=succeeded", "who jonas", "1"),
        ("/operations/?host=hv1&actor=jonas", "outcome succeeded", "1"),
    ]


def test_nothing_found_whatever_is_dropped(auditor, history):
    text = auditor.get("/operations/?host=nowhere&actor=nobody").text
    assert "No single filter is in the way: drop several, or all of them." in text
    assert "<option selected>nowhere</option>" in text


def test_counts_are_capped(auditor, domain, monkeypatch):
    monkeypatch.setattr(finding, "MANY", 2)
    for _ in range(2):
        make_entry("outside", domain, effects=[])
    assert "<b>2</b> lines" in auditor.get("/operations/").text
    make_entry("outside", domain, effects=[])
    assert "<b>more than 2</b> lines" in auditor.get("/operations/").text


@pytest.mark.parametrize(
    "query", ["since=tomorrow", "slot=five", "action=explode&q=x", "show=me", "since=today&zone=Mars"]
)
def test_what_makes_no_sense_is_a_400_with_a_sentence_and_the_form(auditor, history, query):
    answer = auditor.get(f"/operations/?{query}")
    assert answer.status_code == 400
    assert "Nothing was looked for." in answer.text
    assert 'id="filters"' in answer.text
    assert rows(answer.text) == []
    assert auditor.get(f"/operations/news/?{query}&after=1").status_code == 400


def test_form_without_scripts_comes_to_a_clean_address(auditor, history):
    sent = "show=access&q=&since=&since=2026-11-25T10%3A00&until=&host=hv1&zone=Europe%2FBerlin&slot="
    answer = auditor.get(f"/operations/?{sent}")
    assert answer.status_code == 302
    clean = "/operations/?show=access&since=2026-11-25T10%3A00&host=hv1&zone=Europe%2FBerlin"
    assert answer["Location"] == clean
    assert auditor.get(clean).status_code == 200


def test_htmx_is_told_the_clean_address_when_it_is_another(auditor, history):
    def pushed(query, current):
        answer = auditor.get(
            f"/operations/?{query}", headers=HTMX | {"HX-Current-URL": f"http://testserver{current}"}
        )
        assert answer.status_code == 200
        return answer.headers.get("HX-Push-Url")

    assert pushed("q=&host=hv1&zone=UTC", "/operations/") == "/operations/?host=hv1"
    assert pushed("q=&host=hv1&zone=UTC", "/operations/?host=hv1") is None
    assert pushed("q=&host=", "/operations/?host=hv1") == "/operations/"
    assert pushed("host=hv1&before=900", "/operations/?host=hv1") is None


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


def test_auditor_can_export_what_is_found(auditor, history):
    text = auditor.get("/operations/?host=hv1&q=busy").text
    buttons = re.findall(r'<button [^>]*form="export"[^>]*>', text)
    assert ['name="format" value="csv"' in button for button in buttons] == [True, False]
    assert ['name="format" value="ndjson"' in button for button in buttons] == [False, True]
    assert all('formaction="/operations/export/?q=busy&amp;host=hv1"' in button for button in buttons)


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


def test_csrf_token_of_the_export_is_in_no_part_that_is_swapped(auditor, history):
    text = auditor.get("/operations/?host=hv1").text
    form = re.search(r'<form id="export" method="post" action="/operations/export/" hidden>.*?</form>', text)
    assert "csrfmiddlewaretoken" in form[0]
    assert form.end() < text.index('<div id="found">')
    assert "csrfmiddlewaretoken" not in text[text.index('<div id="found">') :]


def test_auditor_of_some_guests_can_export_and_a_viewer_of_all_cannot(history, host):
    for role, pattern, drawn in (("auditor", "web*", True), ("viewer", "*", False), ("operator", "*", False)):
        client = Client()
        client.force_login(make_user(f"{role}-1", role, pattern=pattern))
        assert ("/operations/export/" in client.get("/operations/").text) is drawn, role


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


def test_domain_page_leads_to_its_own_part_of_the_history(auditor, domain, page, history):
    link = re.search(r'href="(/operations/\?host=[^"]+)"', auditor.get(page).text)
    assert link
    text = auditor.get(html.unescape(link[1])).text
    assert rows(text) == [history["outside"], history["failed"], history["added"]]
    assert (
        query_of(read(QueryDict(html.unescape(link[1]).partition("?")[2])))
        == f"host=hv1&domain={domain.uuid}"
    )
