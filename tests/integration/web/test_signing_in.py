from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.integration.web.factory import PASSWORD, make_user

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _forget_attempts():
    cache.clear()


@pytest.mark.parametrize("path", ["/", "/operations/", "/operations/1/", "/readings/"])
def test_page_sends_a_stranger_to_the_sign_in_page(client, db, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={path}"


def test_domain_page_sends_a_stranger_to_the_sign_in_page(client, page):
    assert client.get(page)["Location"] == f"/accounts/login/?next={page}"
    assert client.post(f"{page}vcpus/")["Location"].startswith("/accounts/login/")


def test_signed_out_post_by_htmx_is_answered_in_place(client, page):
    answer = client.post(f"{page}vcpus/", headers=HTMX)
    assert answer.status_code == 403
    assert "You are signed out" in answer.text
    assert "<html" not in answer.text


def test_signing_in_leads_to_where_one_was_going(client, db):
    make_user("mara")
    answer = client.post("/accounts/login/?next=/operations/", {"login": "mara", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/operations/"
    assert client.get("/").status_code == 200


def test_signing_in_with_a_wrong_password_says_so_and_keeps_the_name(client, db):
    make_user("mara")
    answer = client.post("/accounts/login/", {"login": 'ma"><b>ra', "password": "wrong"})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert "ma&quot;&gt;&lt;b&gt;ra" in answer.text


def test_signing_in_too_often_in_vain_is_stopped(client, db):
    make_user("mara")
    for _ in range(12):
        answer = client.post("/accounts/login/", {"login": "mara", "password": "wrong"})
    assert answer.status_code == 429 or "too many" in answer.text.lower()
    answer = client.post("/accounts/login/", {"login": "mara", "password": PASSWORD})
    assert answer.status_code != 302


def test_signing_out_needs_a_post_and_ends_the_session(operator):
    assert operator.get("/accounts/logout/").status_code == 200
    assert Session.objects.count() == 1
    assert operator.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert operator.get("/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "name", ["account_signup", "account_reset_password", "account_email", "account_change_password"]
)
def test_registration_and_mail_flows_have_no_address(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_page_carries_a_strict_content_security_policy(operator):
    policy = operator.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_theme_follows_the_cookie_and_nothing_else(operator):
    assert "data-theme=" not in operator.get("/").text.split("<body>")[0]
    operator.cookies["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in operator.get("/").text
    operator.cookies["theme"] = '"><script>'
    assert "data-theme=" not in operator.get("/").text.split("<body>")[0]


def test_unknown_host_header_is_refused(db):
    assert Client(headers={"Host": "evil.example"}).get("/").status_code == 400
