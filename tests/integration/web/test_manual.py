"""The documents as pages, and the words that are explained where they are met."""

from __future__ import annotations

import re
from functools import cache

import pytest
from django.test import Client
from django.urls import reverse

from domains.vcpu.reasons import Reason
from domains.web.documents import INDEX, document, titles
from domains.web.tags import reason
from tests.integration.web.factory import make_domain, make_host, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    """Somebody who is signed in, without any role."""
    client.force_login(make_user("tomas"))
    return client


@cache
def ids(name: str) -> frozenset[str]:
    """Give what can be led to in a document."""
    return frozenset(re.findall(r' id="([^"]+)"', document(name).html))


def lost(html: str, here: str) -> list[str]:
    """Give the links that lead to no document, or to no place in one."""
    wrong = []
    for target in re.findall(r'href="((?:/help/|#)[^"]*)"', html):
        path, _, place = target.partition("#")
        name = path.removeprefix("/help/").strip("/") or (INDEX if path else here)
        if name not in titles() or (place and place not in ids(name)):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("name", titles())
def test_document_is_shown_and_its_links_lead_somewhere(reader: Client, name: str):
    answer = reader.get(reverse("help_page", args=[name]))

    html = answer.content.decode()
    assert answer.status_code == 200
    assert f"<title>{document(name).title} · Slotboard</title>" in html
    assert lost(document(name).html, name) == []
    assert ' style="' not in html


def test_help_begins_with_the_index(reader: Client):
    html = reader.get("/help/").content.decode()

    assert 'aria-current="page">Help</a>' in html
    assert f'href="{reverse("help_page", args=["first-steps"])}"' in html


def test_pictures_of_the_documents_are_given(reader: Client):
    named = {src for name in titles() for src in re.findall(r'src="([^"]+)"', document(name).html)}

    answers = {src: reader.get(src) for src in named}

    assert named
    assert {src: answer.status_code for src, answer in answers.items()} == dict.fromkeys(named, 200)
    assert {answer["Content-Type"] for answer in answers.values()} <= {"image/png", "image/svg+xml"}


@pytest.mark.parametrize(
    "path", ["/help/no-such/", "/help/..%2FREADME/", "/help/images/no-such.png", "/help/images/..%2Fapi.md"]
)
def test_what_is_no_document_is_not_found(reader: Client, path: str):
    assert reader.get(path).status_code == 404


def test_strangers_are_asked_to_sign_in(client: Client):
    answer = client.get("/help/reasons/")

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("code", Reason)
def test_reason_code_leads_to_what_it_means(code: Reason):
    assert lost(reason(code), "") == []


def test_page_of_a_guest_explains_its_words(client: Client):
    client.force_login(make_user("mara", "operator"))
    domain = make_domain(make_host())

    html = client.get(f"/domains/{domain.host.slug}/{domain.uuid}/").content.decode()

    asked = set(re.findall(r'popovertarget="([^"]+)"', html))
    explained = re.findall(r'<div class="word sheet" id="([^"]+)" popover>(.*?)</div>', html)
    assert (
        asked
        == {name for name, _ in explained}
        == {f"word-{word}" for word in ("sides", "removable", "units", "waiting")}
    )
    assert all("/help/words/#" in words and lost(words, "") == [] for _, words in explained)
