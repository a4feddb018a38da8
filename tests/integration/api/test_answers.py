"""Whatever answers below /api/, Django included, answers in one form."""

from __future__ import annotations

import pytest
from django.test import Client

from domains.models import Host
from tests.integration.api.conftest import API, refusal


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v2/hosts", f"{API}/nothing", f"{API}/hosts/"])
def test_unknown_address_is_a_404_with_a_sentence(db, path):
    answer = Client().get(path)
    assert refusal(answer) == (404, "invalid_request")
    assert answer["Content-Type"] == "application/json"
    assert f"There is nothing at {path};" in answer.json()["message"]


def test_pages_keep_their_own_errors(db):
    answer = Client().get("/apis/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert "no-store" not in answer.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("post", "/hosts", "GET"),
        ("delete", "/operations/1", "GET"),
        ("get", "/domains/hv1/web01/vcpus/add", "POST"),
        ("put", "/operations/1/cancel", "POST"),
    ],
)
def test_wrong_method_is_a_405_that_names_the_right_one(operator, method, path, allowed):
    answer = operator.send(method, path)
    assert refusal(answer) == (405, "invalid_request")
    assert answer["Allow"] == allowed
    assert answer.json()["message"] == f"{method.upper()} is not answered here; use {allowed}."


def test_unknown_name_of_this_server_is_a_400(db):
    answer = Client().get(f"{API}/hosts", headers={"Host": "elsewhere.example.org"})
    assert refusal(answer) == (400, "invalid_request")
    assert answer["Content-Type"] == "application/json"


def test_fault_of_ours_is_json_too_and_has_no_reason_code(operator, monkeypatch):
    def broken(*_):
        raise RuntimeError("the database is on fire")

    monkeypatch.setattr(Host.objects, "filter", broken)
    answer = operator.get("/domains/hv1/web01")
    assert (answer.status_code, answer.json()["code"]) == (500, None)
    assert "fire" not in answer.json()["message"]


def test_errors_keep_the_headers_of_every_answer(db):
    answer = Client().get(f"{API}/nothing")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert int(answer["Content-Length"]) == len(answer.content)
