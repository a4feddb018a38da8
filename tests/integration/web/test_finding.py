"""The history's list can be searched, and says what it searched for."""

from __future__ import annotations

import html
import re

import pytest
from django.http import QueryDict
from django.test import Client

from domains.web import finding
from domains.web.filters import filters_of as read
from domains.web.filters import query_of
from tests.integration.web.factory import make_entry, make_user
from tests.integration.web.found import plain, rows

HTMX = {"HX-Request": "true"}


def chips(text: str) -> dict[str, str]:
    """Give what each filter in use says, and the address without it."""
    found = re.findall(r'<a class="chosen" href="([^"]+)">(.*?)</a>', text)
    return {
        plain(words).removesuffix(", drop this filter"): html.unescape(address) for address, words in found
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


def test_auditor_can_export_what_is_found(auditor, history):
    text = auditor.get("/operations/?host=hv1&q=busy").text
    buttons = re.findall(r'<button [^>]*form="export"[^>]*>', text)
    assert ['name="format" value="csv"' in button for button in buttons] == [True, False]
    assert ['name="format" value="ndjson"' in button for button in buttons] == [False, True]
    assert all('formaction="/operations/export/?q=busy&amp;host=hv1"' in button for button in buttons)


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


def test_domain_page_leads_to_its_own_part_of_the_history(auditor, domain, page, history):
    link = re.search(r'href="(/operations/\?host=[^"]+)"', auditor.get(page).text)
    assert link
    text = auditor.get(html.unescape(link[1])).text
    assert rows(text) == [history["outside"], history["failed"], history["added"]]
    assert (
        query_of(read(QueryDict(html.unescape(link[1]).partition("?")[2])))
        == f"host=hv1&domain={domain.uuid}"
    )
