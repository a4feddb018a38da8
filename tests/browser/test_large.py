"""A guest of 4,096 slots: what its page may fetch, draw, move and redraw."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from domains.models import Domain
from tests.browser.conftest import OpenPage, Site, address, change_domain
from tests.browser.test_push import live
from tests.integration.web.factory import make_domain, slot_map

KB = 1024
COLD_KB = 250  # of everything, compressed as it is sent
PAGE_KB = 40  # of the page without its slots: eight cards are the guest
SLOT_KB = 0.8  # a slot with its story, not compressed; a proxy compresses it to a tenth
SOCKET = 512
PER_SLOT = 12  # elements

_FETCHED = """() => performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/static/"))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""
_SENT = """performance.getEntriesByType("navigation")[0].encodedBodySize"""
_SHIFTS = """window.shifted = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifted += entry.value; })
  .observe({ type: "layout-shift", buffered: true });"""
_REDRAWN = """window.redrawn = new Set();
new MutationObserver((records) => {
  for (const { target, type, attributeName, oldValue } of records) {
    if (type === "attributes" && target.getAttribute(attributeName) === oldValue) continue;
    const slot = (target.closest ? target : target.parentElement)?.closest(".sockets .slot");
    if (slot) window.redrawn.add(slot.id);
  }
}).observe(document.querySelector(".sockets"), {
  attributes: true, attributeOldValue: true, childList: true, characterData: true, subtree: true });"""


@pytest.fixture
def huge(web: Domain) -> Domain:
    slots = slot_map(4096, "0-7,600-699", "4-7,600-699")
    return make_domain(
        web.host, "huge01", live=slots, config=slots,
        topology={"sockets": 8, "dies": 1, "clusters": 1, "cores": 256, "threads": 2},
    )  # fmt: skip


def elements(page: Page) -> int:
    return page.locator("*").count()


def visit(context: BrowserContext, path: str) -> Page:
    """Open a page in another tab, and wait until its stream is live."""
    page = context.new_page()
    page.goto(path, wait_until="load")
    live(page)
    return page


@pytest.mark.parametrize(("query", "drawn"), [("", 0), ("?socket=1", SOCKET)])
def test_what_is_fetched_is_little_and_nothing_of_it_twice(
    open_page: OpenPage,
    site: Site,
    new_context: Callable[..., BrowserContext],
    huge: Domain,
    query: str,
    drawn: int,
) -> None:
    signed_in = open_page("/account/tokens/").context.storage_state()
    context = new_context(base_url=site.url, storage_state=signed_in)  # with an empty cache
    cold = visit(context, address(huge) + query)
    assert 20 * KB < cold.evaluate(_FETCHED) < COLD_KB * KB
    assert cold.evaluate(_SENT) < (PAGE_KB + SLOT_KB * drawn) * KB
    assert visit(context, address(huge) + query).evaluate(_FETCHED) == 0


def test_a_socket_is_drawn_when_it_is_opened_and_no_other(open_page: OpenPage, huge: Domain):
    page = open_page(address(huge))
    closed = elements(page)
    page.click("#card-1")
    expect(page.locator(".sockets .slot")).to_have_count(SOCKET)
    assert elements(page) < closed + SOCKET * PER_SLOT
    page.click("#card-2")
    expect(page.locator("#slot-1024")).to_be_visible()
    expect(page.locator(".sockets .slot")).to_have_count(SOCKET)


@pytest.mark.parametrize(("query", "says"), [("", ""), ("?socket=1", "usage not known")])
def test_what_was_drawn_stays_where_it_is(open_page: OpenPage, huge: Domain, query: str, says: str):
    page = open_page("/")
    page.add_init_script(_SHIFTS)
    page.goto(address(huge) + query)
    live(page)
    expect(page.locator("#usage-says")).to_have_text(says)
    change_domain(huge, live=slot_map(4096, "0-7,600-700", "4-7,600-700"))
    expect(page.locator("#card-1")).to_contain_text("101 of 512")
    assert page.evaluate("window.shifted") == 0


def test_of_a_socket_only_what_changed_is_redrawn(open_page: OpenPage, huge: Domain):
    page = open_page(address(huge) + "?socket=1")
    live(page)
    change_domain(huge, live=slot_map(4096, "0-7,600-698", "4-7,600-698"))
    expect(page.locator("#slot-699")).to_have_attribute("data-live", "0")
    page.evaluate(_REDRAWN)
    change_domain(huge, live=slot_map(4096, "0-7,600-698,700", "4-7,600-698,700"))
    expect(page.locator("#slot-700")).to_have_attribute("data-live", "1")
    assert page.evaluate("[...window.redrawn]") == ["slot-700"]
    page.evaluate("window.redrawn.clear()")
    page.locator("#slot-650 input").check(force=True)
    expect(page.locator("#remove")).to_contain_text("Remove 650")
    stops = {"slot-512", "slot-650"}  # that of the Tab key moves
    assert set(page.evaluate("[...window.redrawn]")) == stops
