"""Web processes that end, lose what they need, or are configured in another way: each test has its own."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack

import pytest

from domains.models import HistoryEntry
from tests.databases import lose_database
from tests.integration.test_server import Server, listen
from tests.waiting import LONG


@pytest.fixture
def server(fresh_database, redis):
    running = Server()
    yield running
    running.close()


def test_sigterm_ends_open_streams(server):
    with ExitStack() as stack:
        streams = []
        for _ in range(5):
            stream = stack.enter_context(listen(server, server.cookie))
            assert stream.status == 200
            assert stream.readline() == b": open\n"
            streams.append(stream)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(LONG)

        for stream in streams:
            stream.read()  # to an end as it should be; a stream torn off raises IncompleteRead


@pytest.mark.parametrize(
    ("proxies", "seen"), [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.0/30,::1", "203.0.113.7")]
)
def test_only_a_trusted_proxy_is_believed_where_a_request_comes_from(
    fresh_database, redis, monkeypatch, proxies, seen
):
    monkeypatch.setenv("SLOTBOARD_TRUSTED_PROXIES", proxies)
    server = Server()
    try:
        headers = {"Authorization": "Bearer sb_unknown", "X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
        assert server.get("/api/v1/hosts", **headers).status == 401
    finally:
        server.close()

    assert json.loads(HistoryEntry.objects.get(kind="sign_in_failed").body)["address"] == seen


def test_readiness_fails_with_the_database_and_not_with_redis(server, redis_server):
    redis_server.stop()
    assert server.get("/readyz").status == 200
    assert "Redis does not answer" in server.get("/readyz", Cookie=server.cookie).body
    lose_database()

    ready = server.get("/readyz")

    assert (ready.status, ready.body) == (503, "not ok\n")
