"""Figures on a listener of their own, from web processes as they are really run."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import pytest
from django.conf import settings
from django.db import transaction
from prometheus_client.parser import text_string_to_metric_families

from domains.models.tally import count_confirmations, count_outcome
from domains.push.beats import beat
from tests.integration.test_server import Server, listen, sign_in
from tests.integration.web.factory import make_domain, make_host, make_operation
from tests.product import free_port
from tests.waiting import LONG, wait_until

pytestmark = pytest.mark.usefixtures("fresh_database", "redis")
# What is that of the one process that answers, or grows older from one scrape to the next.
OWN = ("slotboard_open_streams", "slotboard_event_", "process_", "python_")


class UnixConnection(HTTPConnection):
    """HTTP on a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=LONG)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def ask(connection, path="/metrics", method="GET"):
    with closing(connection):
        connection.request(method, path)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode(), answer.headers


def ask_port(port, *asked):
    return ask(HTTPConnection("127.0.0.1", port, timeout=LONG), *asked)


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def running(listen_on):
    """Run a web process that listens there too."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SLOTBOARD_METRICS_LISTEN", listen_on)
        server = Server()
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        server.process.stderr.close()


@pytest.fixture
def sign_in_is_free(monkeypatch):
    """Let each server have its own administrator, as several share one database here."""
    names = iter(("anna", "berta"))
    monkeypatch.setattr("tests.integration.test_server.sign_in", lambda _: sign_in(next(names)))


def test_two_web_processes_give_the_same_totals(sign_in_is_free):
    guest = make_domain(make_host())
    for status in ("queued", "waiting", "failed"):
        make_operation(guest, status=status)
    beat("worker", "w1", {"queues": ["default"]}, 60)
    ports = [free_port(), free_port()]
    with running(f"127.0.0.1:{ports[0]}") as first, running(f"127.0.0.1:{ports[1]}") as second:
        with transaction.atomic():
            count_outcome("add", "succeeded", "")
            count_confirmations("add", "live", 0.07, effects=3)
        with listen(first, first.cookie), listen(second, second.cookie), listen(second, second.cookie):
            wait_until(lambda: all(_streams(port) for port in ports), what="open streams")
            told = wait_until(lambda: _alike(ports), what="the same totals")

    shared = _shared(told[0])
    assert len(shared) > 40
    assert (
        shared["slotboard_operations_total", ("action", "add"), ("reason", "none"), ("status", "succeeded")]
        == 1
    )
    assert [one[("slotboard_open_streams",)] for one in told] == [1, 2]
    assert told[0][("process_start_time_seconds",)] != told[1][("process_start_time_seconds",)]


def _alike(ports):
    """Ask both until they say the same: either may have found Redis too slow a moment ago."""
    told = [samples(ask_port(port)[1]) for port in ports]
    return told if _shared(told[0]) == _shared(told[1]) else None


def _shared(told):
    ages = ("age_seconds", "oldest_seconds", "lag_seconds")
    return {
        name: value
        for name, value in told.items()
        if not name[0].startswith(OWN) and not name[0].endswith(ages)
    }


def _streams(port):
    return samples(ask_port(port)[1])[("slotboard_open_streams",)]


def test_listener_answers_figures_and_nothing_else():
    port = free_port()
    with running(f"127.0.0.1:{port}") as server:
        status, text, headers = ask_port(port)
        assert (status, headers["Cache-Control"]) == (200, "no-store")
        assert samples(text)[("slotboard_event_stream_up",)] == 1
        assert ask_port(port, "/metrics", "HEAD")[:2] == (200, "")
        assert ask_port(port, "/metrics", "POST")[0] == 405
        for path in ("/", "/healthz", "/events?topic=fleet", "/accounts/login/", "/metrics/"):
            assert ask_port(port, path)[0] == 404
        assert server.get("/metrics").status == 401  # the pages' own address asks for a token all the same

        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(LONG) in (0, -signal.SIGTERM)
        with pytest.raises(OSError, match="refused"):
            ask_port(port)


def test_socket_is_for_its_owner_and_group_and_taken_over_from_the_dead(tmp_path):
    path = tmp_path / "metrics.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    with running(f"unix:{path}"):
        status, text, _ = ask(UnixConnection(path))

        assert status == 200
        assert samples(text)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_address_that_is_taken_is_refused_by_name(tmp_path, monkeypatch, kind):
    family = socket.AF_INET if kind == "tcp" else socket.AF_UNIX
    path = tmp_path / "metrics.sock"
    with socket.socket(family) as taken:
        taken.bind(("127.0.0.1", 0) if kind == "tcp" else str(path))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}" if kind == "tcp" else f"unix:{path}"
        monkeypatch.setenv("SLOTBOARD_METRICS_LISTEN", address)
        done = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(free_port())],
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=60,
        )

    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode != 0
    assert f"SLOTBOARD_METRICS_LISTEN is {address}" in last
    assert "already in use" in last
