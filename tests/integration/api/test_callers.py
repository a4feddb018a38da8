"""Who is let in: by token, by session, and with what sentence not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import override_script_prefix

from domains.api.api import api
from domains.models import HistoryEntry, Operation, Token
from domains.operations.actor import Actor
from domains.operations.tokens import revoke_token
from tests.integration.api.conftest import API, Caller, caller_for, refusal
from tests.integration.web.factory import make_domain, make_host, make_user

ADDRESSES = [
    ("get", "/hosts"),
    ("get", "/domains"),
    ("get", "/domains/hv1/web01"),
    ("get", "/operations"),
    ("get", "/operations/1"),
    ("post", "/domains/hv1/web01/vcpus/add"),
    ("post", "/operations/1/cancel"),
]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_nobody_gets_nothing(domain, method, path):
    answer = Caller(None).send(method, path)
    assert refusal(answer) == (401, "not_permitted")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert "Nobody is signed in" in answer.json()["message"]
    assert not HistoryEntry.objects.exists()


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_unknown_token_gets_nothing(domain, method, path):
    answer = Caller("f" * 64).send(method, path)
    assert refusal(answer) == (401, "not_permitted")
    assert answer.json()["message"].startswith("Unknown token")


def test_expired_revoked_and_ownerless_tokens_are_told_so(operator):
    assert operator.get("/hosts").status_code == 200
    User.objects.update(is_active=False)
    assert "switched off" in operator.get("/hosts").json()["message"]
    Token.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert "expired on" in operator.get("/hosts").json()["message"]
    revoke_token(actor=Actor("os:root", "command"), token=Token.objects.get())
    answer = operator.get("/hosts")
    assert refusal(answer) == (401, "not_permitted")
    assert "was revoked on" in answer.json()["message"]


def test_token_decides_also_beside_a_session(db):
    caller = Caller("f" * 64)
    caller.client.force_login(make_user("mara", "operator"))
    assert refusal(caller.get("/hosts")) == (401, "not_permitted")


@pytest.mark.parametrize("header", ["Basic bWFyYTp4", "Bearer", "Bearer ", "bearer\u00e9 x", "x" * 5000])
def test_odd_authorization_is_a_401(db, header):
    answer = Client().get(f"{API}/hosts", headers={"Authorization": header})
    assert refusal(answer) == (401, "not_permitted")


def test_scheme_is_read_in_either_case(operator):
    answer = Client().get(f"{API}/hosts", headers={"Authorization": f"bearer {operator.token}"})
    assert answer.status_code == 200


def test_session_reads_and_changes_with_its_csrf_token(domain):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("mara", "operator"))
    assert client.get(f"{API}/hosts").status_code == 200
    path = f"{API}/domains/hv1/web01/vcpus/add"
    answer = client.post(path, {"vcpu": 2}, content_type="application/json")
    assert refusal(answer) == (403, "not_permitted")
    assert "X-CSRFToken" in answer.json()["message"]
    assert not Operation.objects.exists()

    client.get("/")
    secret = client.cookies["csrftoken"].value
    answer = client.post(path, {"vcpu": 2}, content_type="application/json", headers={"X-CSRFToken": secret})
    assert answer.status_code == 202
    assert (answer.json()["actor"], answer.json()["door"]) == ("mara", "api")


def test_token_needs_no_csrf_token(domain, operator):
    operator.client = Client(enforce_csrf_checks=True)
    assert operator.post("/domains/hv1/web01/vcpus/add", {"vcpu": 2}).status_code == 202


def test_description_is_open_and_carries_no_page(db):
    answer = Client().get(f"{API}/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Slotboard"
    assert "/api/v1/hosts" in answer.json()["paths"]
    again = Client().get(f"{API}/openapi.json")
    assert again.content == answer.content
    assert refusal(Client().get(f"{API}/docs")) == (404, "invalid_request")


def test_description_is_put_together_once_for_each_prefix(db):
    assert api.get_openapi_schema() is api.get_openapi_schema()

    with override_script_prefix("/slots/"):
        below = Client().get(f"{API}/openapi.json").json()

    assert "/slots/api/v1/hosts" in below["paths"]
    assert "/api/v1/hosts" in Client().get(f"{API}/openapi.json").json()["paths"]


def test_host_of_which_one_sees_nothing_is_answered_like_one_that_is_not_there(db):
    make_domain(make_host("hv1"), "web01")
    make_domain(make_host("hv2"), "db01")
    mara = caller_for("mara", "operator", pattern="web*")
    hidden, absent = (mara.get(f"/domains/{host}/db01") for host in ("hv2", "hv3"))
    assert refusal(hidden) == refusal(absent) == (404, "host_not_found")
    assert hidden.json()["message"].replace("hv2", "hv3") == absent.json()["message"]
    assert refusal(mara.get("/domains/hv1/db01")) == (404, "domain_not_found")
