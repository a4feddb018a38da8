"""The web process as it is really run: uvicorn, Django and the streams. Its end: ``test_server_ends``."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.product import free_port
from tests.waiting import LONG, wait_until


def sign_in(name: str) -> str:
    """Make an administrator and give the cookie of a session."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser(name, password="x"))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class Server:
    """``manage.py serve`` on a free port, used by one signed-in person."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, stderr=subprocess.PIPE, text=True)
        self.cookie = sign_in("anna")
        wait_until(self._answers, what="the web server")

    def _answers(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    @contextmanager
    def answer(self, path: str, form: str | None = None, /, **headers: str) -> Iterator[HTTPResponse]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=LONG)) as connection:
            connection.request("GET" if form is None else "POST", path, form, headers)
            with connection.getresponse() as response:
                yield response

    def get(self, path: str, **headers: str) -> HTTPResponse:
        with self.answer(path, **headers) as response:
            response.body = response.read().decode()
            return response

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def threads(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("Threads:")[1].split()[0])


def listen(server: Server, cookie: str) -> AbstractContextManager[HTTPResponse]:
    """Open a stream."""
    return server.answer("/events?topic=fleet&since=0-0", Cookie=cookie)


@pytest.fixture(scope="module")
def kept(module_database, redis_server):
    if redis_server.process is None or redis_server.process.poll() is not None:
        redis_server.start()
    running = Server()
    yield running
    running.close()


@pytest.fixture
def server(kept, redis):
    """The module's server, which every test leaves as it was: it takes seconds to start one."""
    return kept


def test_fifty_streams_add_no_thread(server):
    cookies = [sign_in(f"p{number}") for number in range(50)]
    with ExitStack() as stack:
        # The few threads that all share come when several browsers come at once.
        with ThreadPoolExecutor(10) as browsers:
            list(browsers.map(lambda cookie: server.get("/readyz", Cookie=cookie), cookies[:20]))
            list(browsers.map(lambda cookie: _opens(server, cookie), cookies[:20]))
        before = server.threads()
        for cookie in cookies:
            assert stack.enter_context(listen(server, cookie)).status == 200

        assert server.threads() <= before


def test_a_browser_that_leaves_frees_its_place(server):
    with ExitStack() as stack:
        for _ in range(10):
            stream = stack.enter_context(listen(server, server.cookie))
            assert stream.status == 200
        refused = server.get("/events?topic=fleet", Cookie=server.cookie)
        assert refused.status == 503
        assert refused.getheader("Retry-After") == "5"

    wait_until(lambda: _opens(server, server.cookie), what="a free place")


def _opens(server: Server, cookie: str) -> bool:
    with listen(server, cookie) as stream:
        return stream.status == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/events?topic=fleet", {}, 403),
        ("/events?topic=fleet", {"Host": "rebound.example"}, 400),
        ("/events", {"Cookie": "sessionid=x"}, 400),
        ("/events?topic=fleet", {"Cookie": "sessionid=x"}, 403),
    ],
)
def test_streams_are_refused_without_a_redirect(server, path, headers, status):
    response = server.get(path, **headers)

    assert response.status == status
    assert response.getheader("Location") is None


@pytest.mark.parametrize("head", [b"GET /" + b"x" * 300_000, b"GET / HTTP/1.1\r\nx: " + b"y" * 300_000])
def test_a_head_without_an_end_is_refused(server, head):
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONG) as connection:
        with suppress(ConnectionError):  # it may be closed before all of it is sent
            connection.sendall(head)
        answer = b""
        with suppress(ConnectionError):
            while part := connection.recv(65536):
                answer += part

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_a_large_body_and_a_second_request_on_the_same_connection_are_taken(server):
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=LONG)) as connection:
        for _ in range(2):
            connection.request("POST", "/healthz", b"x" * 300_000)
            answer = connection.getresponse()
            assert b"head of a request" not in answer.read()
            connection.request("GET", "/healthz", headers={"X-Long": "y" * 60_000})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200


def test_health_is_open_and_tells_strangers_nothing(server):
    health = server.get("/healthz")
    ready = server.get("/readyz")

    assert (health.status, health.body) == (200, "")
    assert (ready.status, ready.body) == (200, "ok\n")


def test_readiness_tells_signed_in_people_what_is_at_work_and_what_is_not_well(server):
    lines = server.get("/readyz", Cookie=server.cookie).body.splitlines()

    assert lines[:5] == [
        "ok",
        "database: ok",
        "redis: ok",
        "worker: none answers",
        "watcher: none at work",
    ]
    assert [line.partition(":")[0] for line in lines[5:]] == ["No worker answers", "No watcher is at work"]
