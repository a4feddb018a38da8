"""What a page says of its connection, and how it finds back."""

from __future__ import annotations

import re
import time

import pytest
from django.db import transaction
from playwright.sync_api import Page, Route, expect

from domains.models import Domain
from domains.push.stream import publish
from tests.browser.conftest import address, change_domain, change_host
from tests.browser.relay import Relay
from tests.integration.web.factory import PASSWORD, make_operation, slot_map

LONG = 60_000  # milliseconds
# Counts a pause between two attempts to connect, and makes it a hundred times shorter. The dice fall as
# told. Ten seconds are those after which the page says that it is stale.
PAUSES = """
window.pauses = [];
const wait = window.setTimeout;
let next = false;
document.addEventListener("htmx:sse:before:connection", (event) => { next = event.detail.connection.attempt > 0; });
window.setTimeout = (work, pause, ...more) => {
  if (!next || pause === 10000) return wait(work, pause, ...more);
  next = false;
  window.pauses.push(pause);
  return wait(work, pause / 100, ...more);
};
Math.random = () => DICE;
"""


def link(page: Page):
    return page.locator("#link")


@pytest.fixture
def relay(site):
    relay = Relay(site.port)
    yield relay
    relay.close()


def test_half_a_minute_offline_is_told_and_what_was_missed_is_shown(relay, new_context, web):
    page = new_context(base_url=relay.url).new_page()
    page.goto(f"/accounts/login/?next={address(web)}")
    page.fill("[name=login]", "mara")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(link(page)).to_have_text("live", timeout=LONG)
    page.locator("#slot-7 input").check(force=True)
    page.fill("#change [name=note]", "half written")
    relay.cut()
    change_domain(web, live=slot_map(8, "0-1,4-6", "4-6"))
    change_domain(web, live=slot_map(8, "0-1,3-6", "3-6"))
    operation = make_operation(web, [(2, "live", "pending")])
    with transaction.atomic():
        publish(f"operation:{operation.pk}", operation.revision)
    change_host(web.host_id, state="connected", round_trip=2.5)
    page.wait_for_timeout(30_000)  # what is asked for: half a minute in which nothing arrives
    expect(link(page)).to_have_text(re.compile(r"stale since \d\d:\d\d:\d\d"), timeout=LONG)
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "0")

    relay.mend()

    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1", timeout=LONG)
    expect(page.locator("#slot-3")).to_have_attribute("data-live", "1", timeout=LONG)
    expect(page.locator("#slot-2")).to_have_attribute("data-st", "queued", timeout=LONG)
    expect(link(page)).to_have_text("live", timeout=LONG)
    expect(page.locator("#slot-7 input")).to_be_checked()
    expect(page.locator("#change [name=note]")).to_have_value("half written")


def test_stream_that_died_without_a_word_is_noticed_and_opened_anew(open_page, web):
    page = open_page(address(web), strict=False)
    expect(link(page)).to_have_text("live", timeout=LONG)
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "/events" in request.url else None)
    page.route("**/readings/", lambda route: route.abort())
    expect(link(page)).to_have_text("reconnecting", timeout=LONG)
    assert streams == []
    page.unroute("**/readings/")
    expect(link(page)).to_have_text("live", timeout=LONG)
    assert len(streams) == 1  # anew, not once more beside the first


@pytest.mark.parametrize("fault", ["abort", "503"])
def test_page_that_could_not_fetch_itself_anew_asks_again(open_page, web, fault):
    page = open_page(address(web), strict=False)
    expect(link(page)).to_have_text("live", timeout=LONG)
    path = re.compile(re.escape(address(web)) + "$")
    page.route(path, lambda route: route.abort() if fault == "abort" else route.fulfill(status=503))
    Domain.objects.filter(pk=web.pk).update(live=slot_map(8, "0-1,4-6", "4-6"))  # which nobody announces
    page.evaluate("document.getElementById('stream').dispatchEvent(new Event('resync', { bubbles: true }))")
    expect(link(page)).to_have_text("reconnecting", timeout=LONG)
    page.unroute(path)
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1", timeout=LONG)
    expect(link(page)).to_have_text("live", timeout=LONG)


@pytest.mark.parametrize("late", ["htmx.min", "hx-sse.min", "stream"])
def test_page_is_live_whichever_of_its_scripts_comes_late(open_page, web, late):
    page = open_page("/account/tokens/")

    def hold(route: Route) -> None:
        time.sleep(1)  # long enough for every other one to be there
        route.continue_()

    page.route(re.compile(rf"/static/.*/{late}\."), hold)
    page.goto(address(web))
    expect(link(page)).to_have_text("live", timeout=LONG)
    change_domain(web, live=slot_map(8, "0-1,4-6", "4-6"))
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1", timeout=LONG)


def test_pages_that_lost_the_server_come_back_spread_over_time(open_page, web):
    found = []
    for dice in ("0", "0.999"):
        page = open_page(address(web), strict=False)
        page.add_init_script(PAUSES.replace("DICE", dice))
        page.reload()
        expect(link(page)).to_have_text("live", timeout=LONG)
        page.route(re.compile("/events"), lambda route: route.abort())
        page.evaluate("document.getElementById('stream')._htmx.sse.reader.cancel()")
        page.wait_for_function("() => window.pauses.length >= 8", timeout=LONG)
        found.append(page.evaluate("window.pauses.slice(0, 8)"))
    earliest, latest = found
    # Doubling from half a second to ten; the last to come takes nine times as long as the first.
    assert [round(pause) for pause in earliest] == [100, 200, 400, 800, 1600, 2000, 2000, 2000]
    assert all(8.9 < late / early < 9.1 for early, late in zip(earliest, latest, strict=True))
