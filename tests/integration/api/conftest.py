"""Callers with tokens of different people, and a simulated host that the write path works on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from domains.models import Domain, HistoryEntry, Host
from domains.operations import doorbell
from domains.operations.actor import Actor
from domains.operations.tokens import make_token
from tests.integration import simulated
from tests.integration.operations.conftest import Desk
from tests.integration.web.factory import make_domain, make_host, make_user
from tests.simulator import SimulatedHost

API = "/api/v1"


class Caller:
    """A script with a token. Every answer is checked for what all of them have in common."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **query: str) -> HttpResponse:
        return self.send("get", path, query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> HttpResponse:
        headers = {} if key is None else {"Idempotency-Key": key}
        data = b"" if body is None else json.dumps(body)
        return self.send("post", path, headers=headers, data=data, content_type="application/json")

    def send(self, method: str, path: str, *arguments: Any, headers: dict | None = None, **more: Any):
        headers = dict(headers or {})
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = getattr(self.client, method)(f"{API}{path}", *arguments, headers=headers, **more)
        assert answer["Content-Type"] == "application/json"
        assert answer["Cache-Control"] == "no-store"
        if answer.status_code >= 400:
            assert set(answer.json()) == {"code", "message"}
            assert answer.json()["message"].endswith(".")
        return answer


def refusal(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def refused() -> list[dict]:
    return [json.loads(entry.body) for entry in HistoryEntry.objects.filter(kind="refused").order_by("seq")]


def caller_for(name: str, role: str | None, *, limit: str = "", **grant: Any) -> Caller:
    user = make_user(name, role, **grant)
    _, secret = make_token(actor=Actor(name, "page", user), user=user, name="script", role=limit)
    return Caller(secret)


@pytest.fixture
def host(db: None) -> Host:
    return make_host()


@pytest.fixture
def domain(host: Host) -> Domain:
    return make_domain(host)


@pytest.fixture
def operator(db: None) -> Caller:
    return caller_for("mara", "operator")


@pytest.fixture
def viewer(db: None) -> Caller:
    return caller_for("vera", "viewer")


@pytest.fixture
def limited(db: None) -> Caller:
    return caller_for("lena", "operator", limit="viewer")


@pytest.fixture
def stranger(db: None) -> Caller:
    return caller_for("nobody", None)


@pytest.fixture
def desk(fresh_database, redis, tmp_path, monkeypatch, settings):
    settings.GATEWAY = simulated.FACTORY
    settings.SOCKET_DIRS = [str(tmp_path)]
    bells: list[int] = []
    monkeypatch.setattr(doorbell, "ring", bells.extend)
    simulator = SimulatedHost(tmp_path / "host")
    simulator.tune(unplug_timeout=0.05, lock_wait=0.05)
    return Desk(simulator, bells)
