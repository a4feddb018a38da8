"""Chromium in front of the reverse proxy as it is recommended: TLS, HTTP/2 and two web processes behind it."""

from __future__ import annotations

import json
import subprocess

import httpx
import pytest
from playwright.sync_api import expect

from domains.models import HistoryEntry
from tests.browser.conftest import Site, address, change_domain
from tests.browser.people import enter
from tests.integration.web.factory import PASSWORD, slot_map
from tests.product import ROOT, free_port
from tests.waiting import LONG, wait_until

AROUND = """daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/slotboard.conf;
}}
"""


@pytest.fixture(scope="module")
def webs(site):
    """Two web processes on one database, as they run behind a proxy."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SLOTBOARD_HTTPS", "True")
        environment.setenv("SLOTBOARD_TRUSTED_PROXIES", "127.0.0.1")
        running = [Site(f"http://127.0.0.1:{port}", port) for port in (free_port(), free_port())]
        for web in running:
            web.start()
    yield running
    for web in running:
        web.stop()


@pytest.fixture(scope="module")
def proxy(webs, tmp_path_factory):
    """nginx with the configuration that operators get, but for ports and certificate; gives its address."""
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    certificate += ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/fullchain.pem"]
    subprocess.run(certificate, check=True, capture_output=True)
    told = (ROOT / "deploy/nginx/slotboard.conf").read_text()
    for ours, theirs in (
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("127.0.0.1:8001", f"127.0.0.1:{webs[0].port}"),
        ("127.0.0.1:8002", f"127.0.0.1:{webs[1].port}"),
        ("/etc/ssl/slotboard", str(folder)),
    ):
        assert told.count(ours) >= 1, ours
        told = told.replace(ours, theirs)
    (folder / "slotboard.conf").write_text(told)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"])
    wait_until(lambda: Site("", port)._answers() or nginx.poll() is not None, what="nginx")
    assert nginx.poll() is None, (folder / "error.log").read_text()
    yield f"https://127.0.0.1:{port}"
    nginx.terminate()
    nginx.wait(LONG)


def test_changes_are_pushed_through_it_and_go_on_when_a_web_process_ends(webs, proxy, web, new_context):
    page = enter(new_context(base_url=proxy, ignore_https_errors=True), proxy, "mara", PASSWORD)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    opened = page.goto(address(web))
    assert opened.all_headers()["content-encoding"] == "gzip"
    protocols = "performance.getEntriesByType('resource').map(one => one.nextHopProtocol)"
    assert set(page.evaluate(protocols)) == {"h2"}
    slot = page.locator("#slot-6")
    expect(slot).to_have_attribute("data-live", "0")
    for ended, present in ((None, "0-1,4-6"), (webs[0], "0-1,4-5"), (webs[1], "0-1,4-6")):
        if ended:
            ended.stop()
        change_domain(web, live=slot_map(8, present, "4-6"))
        expect(slot).to_have_attribute("data-live", str(int("6" in present)))
        if ended:
            ended.start()


def test_what_a_client_says_of_its_own_address_does_not_get_through(proxy):
    headers = {"Authorization": "Bearer sb_unknown", "X-Forwarded-For": "203.0.113.7"}
    answer = httpx.get(f"{proxy}/api/v1/hosts", headers=headers, verify=False)  # noqa: S501  # signed a moment ago
    assert answer.status_code == 401

    entry = HistoryEntry.objects.filter(kind="sign_in_failed").latest("seq")
    assert json.loads(entry.body)["address"] == "127.0.0.1"
