"""Chromium, and a web server of the tests' own with its database, Redis and push hub."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as installed
from django.core.management import call_command
from django.db import connections, transaction
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django import Settings

from domains.models import Domain, Host
from domains.models.revision import next_revision
from domains.push.stream import publish
from tests.browser.people import enter
from tests.browser.worked import Worked
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.conftest import RedisServer, wait_until
from tests.integration import simulated
from tests.integration.web.factory import PASSWORD, make_domain, make_host, make_user
from tests.simulator import SimulatedHost
from tests.waiting import LONG

SERVE = "import sys, django; django.setup(); from dashboard.serve import serve; serve('127.0.0.1', int(sys.argv[1]))"

expect.set_options(timeout=LONG * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright's synchronous interface keeps an event loop in this thread. Django would refuse to work beside it,
    # and other modules run loops of their own: so it ends with the module.
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Give browsers of their own, closed at the end of the test."""
    contexts: list[BrowserContext] = []

    def new(**options: object) -> BrowserContext:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}, **options))
        contexts[-1].set_default_timeout(LONG * 1000)
        return contexts[-1]

    yield new
    for context in contexts:
        context.close()


@dataclass
class Site:
    """A running web server. Tests change its database directly, as worker and watcher would."""

    url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [sys.executable, "-c", SERVE, str(self.port)]
        self.process = subprocess.Popen(command, cwd=installed.BASE_DIR, stderr=subprocess.DEVNULL)
        wait_until(self._answers, what="the web server")

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.terminate()
            self.process.wait(LONG)
            self.process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture(scope="module")
def site(module_database: str, redis_server: RedisServer, browser: Browser) -> Iterator[Site]:
    if redis_server.process is None or redis_server.process.poll() is not None:
        redis_server.start()
    with redis_server.client() as redis:
        redis.flushall()  # what another module announced belongs to another database
    call_command("collectstatic", interactive=False, verbosity=0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = Site(f"http://127.0.0.1:{port}", port)
    site.start()
    make_user("mara", "operator")
    make_user("vera", "viewer")
    make_host("hv1")
    yield site
    site.stop()
    connections.close_all()


@pytest.fixture
def web(site: Site, request: pytest.FixtureRequest) -> Domain:
    """A guest of this test's own."""
    host = make_host(f"host-{os.urandom(4).hex()}")
    return make_domain(
        host, "web01", topology={"sockets": 1, "dies": 1, "clusters": 1, "cores": 4, "threads": 2}
    )


@pytest.fixture
def worked(site: Site, tmp_path: Path, settings: Settings) -> Worked:
    """A simulated host of this test's own."""
    settings.GATEWAY, settings.SOCKET_DIRS = simulated.FACTORY, [str(tmp_path)]
    simulator = SimulatedHost(tmp_path / "host")
    simulator.tune(unplug_timeout=0.05, lock_wait=0.05)
    return Worked(simulator, simulated.host_row(simulator, f"sim-{os.urandom(4).hex()}"))


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(site: Site, browser: Browser) -> Iterator[OpenPage]:
    """Open pages as a signed-in person, each in a context of its own; unless not ``strict``,
    an error that a page logs fails the test."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_one(path: str, *, user: str = "mara", strict: bool = True, **options: object) -> Page:
        context = browser.new_context(base_url=site.url, **options)
        context.set_default_timeout(LONG * 1000)
        contexts.append(context)
        page = enter(context, site.url, user, PASSWORD)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        if strict:
            page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert troubles == []


def address(domain: Domain) -> str:
    """The path of a domain's page."""
    return f"/domains/{domain.host.slug}/{domain.uuid}/"


def change_domain(domain: Domain, **fields: object) -> None:
    """Write new values as the watcher does, and announce them."""
    with transaction.atomic():
        revision = next_revision()
        Domain.objects.filter(pk=domain.pk).update(**fields, revision=revision)
        publish(f"domain:{domain.pk}", revision)


def change_host(host_id: int, **fields: object) -> None:
    """Write new values of a host as the watcher does, and announce them."""
    with transaction.atomic():
        revision, now = next_revision(), datetime.now(UTC)
        Host.objects.filter(pk=host_id).update(**fields, state_since=now, last_seen=now, revision=revision)
        publish(f"host:{host_id}", revision)
