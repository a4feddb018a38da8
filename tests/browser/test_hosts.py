"""An administrator adds a host, tests it, sees it connected, pauses and removes it: in Chromium, with a watcher at work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from domains.models import HistoryEntry, Host
from tests.browser.conftest import OpenPage, Site
from tests.integration.watcher.conftest import watching
from tests.integration.watcher.simulated import FACTORY
from tests.integration.web.factory import make_user
from tests.simulated_host import SimulatedHost

# Notes what a region says each time that something of it changes.
OBSERVE = """() => {
    window.said = [];
    const region = document.querySelector('#answer [role=status]');
    const note = () => window.said.push(region.querySelector('b').textContent);
    new MutationObserver(note).observe(region, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedHost]:
    """A simulated host where the web server, which comes after it, allows sockets to be."""
    folder: Path = tmp_path_factory.mktemp("sockets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLOTBOARD_SOCKET_DIRS", str(folder))
        patch.setattr(settings, "SOCKET_DIRS", [str(folder)])
        patch.setattr(settings, "GATEWAY", FACTORY)
        yield SimulatedHost(folder / "rack1")


@pytest.fixture(scope="module")
def administered(simulated: SimulatedHost, site: Site) -> Site:
    Host.objects.all().delete()  # the site's own have no simulator behind them
    make_user("ada", "administrator")
    return site


def test_host_from_its_first_test_to_its_end(
    administered: Site, simulated: SimulatedHost, open_page: OpenPage
) -> None:
    simulated.add_domain("web")
    page = open_page("/hosts/new/", user="ada", strict=False)  # one answer is a 400, which Chromium logs
    page.fill("[name=slug]", "rack1")
    assert not page.locator("[name=hostname]").is_visible()
    page.get_by_text("ssh", exact=True).click()
    assert page.locator("[name=hostname]").is_visible()
    assert not page.locator("[name=socket]").is_visible()
    page.get_by_text("local socket", exact=True).click()
    page.fill("[name=socket]", "/etc/passwd")
    page.get_by_role("button", name="Test the connection").click()
    page.locator("#wrong-socket", has_text="The socket must lie below").wait_for()

    page.fill("[name=socket]", str(simulated.path))
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("A watcher is about to take this test up.").wait_for()
    page.get_by_text("Is one running?").wait_for()  # none is, and the page says so
    # Who has it read out hears that once, however often the page asks.
    page.evaluate(OBSERVE)
    for _ in range(3):
        with page.expect_response("**/hosts/tests/*/"):
            pass
    with watching():
        page.locator("#answer", has_text="The connection stands.").wait_for()
        assert "12.8.0" in page.locator("#answer").inner_text()
        said = page.evaluate("window.said")
        assert said[-1] == "The connection stands."
        assert len(said) == len(set(said))
        page.get_by_role("button", name="Add", exact=True).click()
        page.wait_for_url("**/hosts/rack1/")
        page.locator(".hoststate", has_text="connected").wait_for()
        page.locator("dd", has_text="QEMU 11.1.2").wait_for()

        simulated.tune(reachable=False)
        page.locator(".hoststate", has_text="unreachable").wait_for()
        simulated.tune(reachable=True)
        page.locator(".hoststate", has_text="connected").wait_for()

        page.get_by_role("button", name="Pause").click()
        page.locator(".hoststate", has_text="paused").wait_for()
        page.get_by_role("link", name="Remove").click()
        page.get_by_role("button", name="Yes, remove rack1").click()
        page.wait_for_url("**/hosts/")
    assert not Host.objects.filter(slug="rack1").exists()
    told = HistoryEntry.objects.filter(host="rack1", actor="ada").exclude(kind="refused").order_by("seq")
    assert [entry.kind for entry in told] == ["host_tested", "host_added", "host_paused", "host_removed"]


def test_form_works_without_scripts(
    administered: Site, simulated: SimulatedHost, open_page: OpenPage
) -> None:
    page = open_page("/hosts/new/", user="ada", java_script_enabled=False)
    page.get_by_text("tls", exact=True).click()
    page.fill("[name=slug]", "rack2")
    page.fill("[name=hostname]", "rack2.example.org")
    assert not page.locator("[name=username]").is_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/hosts/rack2/")
    assert Host.objects.get(slug="rack2").uri() == "qemu+tls://rack2.example.org/system"
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Yes, remove rack2").click()
    page.wait_for_url("**/hosts/")
