"""The lenses of the slot grid, and how much the vCPUs use, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from domains.models import Domain
from domains.push.usage import USAGE
from tests.browser.conftest import address
from tests.conftest import RedisServer
from tests.integration.web.factory import make_domain, make_operation, slot_map

WAIT = 30_000


@pytest.fixture
def use(redis_server: RedisServer):
    """Tell how much a guest uses, as its watcher would, for longer than any test takes."""

    def told(domain: Domain, text: str) -> None:
        with redis_server.client() as redis:
            redis.set(f"{USAGE}{domain.host.slug}/{domain.uuid}", text, ex=600)

    return told


def level(page: Page, vcpu: int, figure: str) -> None:
    """Wait until a slot shows this level, in eighths."""
    expect(page.locator(f"#slot-{vcpu}")).to_have_attribute("data-u", figure, timeout=WAIT)


def unknown(page: Page, vcpu: int) -> None:
    """Wait until a slot shows no level at all."""
    expect(page.locator(f"#slot-{vcpu}:not([data-u])")).to_be_visible(timeout=WAIT)


def test_usage_is_shown_in_the_slots_and_told_in_words(open_page, web, use):
    use(web, "10/100 0:37+3 1:0 4:100")  # nothing of 5
    page = open_page(address(web))
    level(page, 0, "3")
    level(page, 1, "0")
    level(page, 4, "8")
    unknown(page, 5)
    expect(page.locator("#usage-says")).to_have_text("over the last 10 s")
    expect(page.locator("#slot-0 .b")).to_have_attribute("data-used", "37 %")
    expect(page.locator("#slot-5 .b")).to_have_attribute("data-used", "–")
    about = page.locator("#about")
    page.locator("#slot-0 input").focus()
    expect(about).to_contain_text("37 % of one CPU over the last 10 s, waited 3 % for a host CPU.")
    use(web, "10/100 0:80 1:0 4:100")
    level(page, 0, "6")
    expect(about).to_contain_text("80 % of one CPU over the last 10 s.")
    page.locator("#slot-1 input").focus()
    expect(about).to_contain_text("idle over the last 10 s.")
    page.locator("#slot-5 input").focus()
    expect(about).to_contain_text("not known.")
    page.locator("#slot-2 input").focus()
    expect(about).to_contain_text("vCPU 2")
    expect(about).not_to_contain_text("Usage")


def test_usage_that_is_told_no_more_is_unknown(open_page, web, use):
    use(web, "10/100 0:37")
    page = open_page(address(web))
    level(page, 0, "3")
    use(web, "")
    expect(page.locator("#usage-says")).to_have_text("usage not known", timeout=WAIT)
    unknown(page, 0)


def test_chosen_lens_is_kept_by_the_browser(open_page, web):
    other = make_domain(web.host, "other", pinning={"4": "2", "5": "3"})
    page = open_page(address(other))
    pin = page.locator(".lens input[value=pin]")
    page.locator(".lens label", has_text="Pinning").click()
    expect(pin).to_be_checked()
    page.reload()
    expect(pin).to_be_checked()
    page.goto(address(web))  # which has nothing to show there
    expect(page.locator(".lens input[value=usage]")).to_be_checked()


def test_story_stands_below_the_row_where_the_window_is_narrow(open_page, web):
    page = open_page(address(web), viewport={"width": 390, "height": 844})
    expect(page.locator("#about")).to_be_hidden()
    page.locator("#slot-4").click()
    about = page.locator(".socket > #about")
    expect(about).to_contain_text("vCPU 4")
    expect(about).to_be_in_viewport(ratio=0.9)
    with page.expect_response(lambda response: response.url.endswith(address(web))):
        page.evaluate("htmx.trigger('#live', 'refresh')")
    expect(about).to_contain_text("vCPU 4")
    expect(page.locator("#about")).to_have_count(1)
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator("aside > #about")).to_contain_text("vCPU 4")


_OUTSIDE = """[...document.querySelectorAll(".sockets .slot .b")].filter((box) =>
  box.firstElementChild.scrollWidth > box.clientWidth + 1
  || box.getBoundingClientRect().right > box.closest(".core").getBoundingClientRect().right).length"""


@pytest.mark.parametrize(("sockets", "cores", "threads"), [(2, 16, 2), (4, 64, 2), (1, 200, 1), (8, 256, 2)])
def test_every_number_fits_its_slot(open_page, web, sockets, cores, threads):
    slots = slot_map(sockets * cores * threads, "0-9", "4-7")
    guest = make_domain(
        web.host, "fits01", live=slots, config=slots,
        topology={"sockets": sockets, "dies": 1, "clusters": 1, "cores": cores, "threads": threads},
    )  # fmt: skip
    page = open_page(address(guest) + "?socket=7" * (sockets == 8))
    for width in (390, 800, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_OUTSIDE) == 0, width


# The words that the edge of their slot cuts, and what names a row and comes too close to it
_CUT = """() => {
  const ink = (node) => { const range = document.createRange(); range.selectNodeContents(node); return range.getBoundingClientRect(); };
  const edge = (slot) => slot.getBoundingClientRect().right - parseFloat(getComputedStyle(slot).borderRightWidth);
  const words = [...document.querySelectorAll(".sockets .slot i")].filter((word) => word.offsetWidth);
  const labels = [...document.querySelectorAll(".socket > h3 > small")];
  const first = (label) => label.closest(".socket").querySelector(".core").getBoundingClientRect();
  return [...words.filter((word) => ink(word).right > edge(word.parentElement) + .5),
    ...labels.filter((label) => ink(label).bottom > first(label).top && ink(label).right > first(label).left - 6)]
    .map((node) => node.textContent);
}"""


@pytest.mark.parametrize(("sockets", "cores", "threads"), [(1, 8, 2), (2, 16, 1), (1, 4, 2)])
def test_no_word_of_a_slot_is_cut(open_page, web, sockets, cores, threads):
    count = sockets * cores * threads
    guest = make_domain(
        web.host, "words01", live=slot_map(count, f"0-{count - 1}", "2-7"), config=slot_map(count, "0-6", "2-6"),
        topology={"sockets": sockets, "dies": 1, "clusters": 1, "cores": cores, "threads": threads},
    )  # fmt: skip
    make_operation(guest, [(2, "live", "failed")], status="failed", reason="guest_refused", message="No.")
    make_operation(guest, [(3, "live", "waiting")], action="remove", status="waiting")
    make_operation(guest, [(4, "live", "unconfirmed")], action="remove", status="unconfirmed")
    running = make_operation(guest, [(5, "live", "applying")], action="remove", status="running")
    running.effects.update(target="absent")
    make_operation(guest, [(6, "live", "pending")])
    page = open_page(address(guest))
    for width in (390, 800, 1100, 1280, 1366, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_CUT) == [], width
    shown = page.locator(".sockets .slot i:visible").all_text_contents()
    assert {"failed", "waiting", "unsure", "queued"} <= set(shown)


@pytest.mark.parametrize(("sockets", "cores"), [(1, 16), (2, 32), (4, 64), (8, 256)])
def test_what_names_a_row_stays_beside_it(open_page, web, sockets, cores):
    everything = slot_map(sockets * cores * 2, f"0-{sockets * cores * 2 - 1}", "")
    guest = make_domain(
        web.host, "rows01", state="shut off", live=None, config=everything,
        topology={"sockets": sockets, "dies": 1, "clusters": 1, "cores": cores, "threads": 2},
    )  # fmt: skip
    page = open_page(address(guest) + "?socket=7" * (sockets == 8))
    for width in (390, 800, 1100, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_CUT) == [], width
