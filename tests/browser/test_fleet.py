"""The fleet page in a browser: searching while it is pushed to, and choosing guests."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from domains.models import Domain
from tests.browser.conftest import change_domain, change_host
from tests.browser.test_push import live
from tests.integration.web.factory import make_domain, make_operation, slot_map

CHANGED = slot_map(8, "0-1,4-6", "4-6")


@pytest.fixture
def crowd(web: Domain) -> list[Domain]:
    """Thirty guests whose names nobody else's contain."""
    mark = os.urandom(3).hex()
    return [make_domain(web.host, f"zz{mark}-{number:02}") for number in range(30)]


def word(crowd: list[Domain], number: int = 0) -> str:
    return crowd[number].name[:8]


def row(page: Page, domain: Domain):
    return page.locator(f"#fleet-{domain.pk}")


def test_search_keeps_focus_and_cursor_and_the_address_follows(open_page, crowd):
    page = open_page("/")
    live(page)
    box = page.locator("#words")
    box.press_sequentially(word(crowd), delay=30)
    expect(page.locator("#picks .fits")).to_have_text("30 fit")
    page.wait_for_url(f"**/?q={word(crowd)}")
    box.press("ArrowLeft")
    box.press_sequentially("x", delay=30)
    expect(page.locator("#list")).to_contain_text("No guest fits")
    where = page.evaluate("[document.activeElement.id, document.activeElement.selectionStart]")
    assert where == ["words", 8]
    page.go_back()
    expect(page.locator("#picks .fits")).to_have_text("30 fit")
    expect(box).to_have_value(word(crowd))
    live(page)


def test_pushes_change_the_rows_that_are_shown_and_nothing_that_was_chosen(open_page, crowd):
    page = open_page(f"/?q={word(crowd)}&sort=name")
    live(page)
    chosen, other, hidden = crowd[1], crowd[2], crowd[29]
    row(page, chosen).locator("input").check()
    row(page, other).locator("input").check()
    row(page, chosen).locator("input").focus()
    page.evaluate("id => window.kept = document.getElementById(id)", f"fleet-{chosen.pk}")
    page.evaluate("window.received = []")
    page.evaluate(
        "document.addEventListener('htmx:sse:before:message', (event) => received.push(event.detail.message.data))"
    )
    change_domain(chosen, live=CHANGED, live_count=5)
    change_domain(hidden, live=CHANGED, live_count=5)  # on the second page
    expect(row(page, chosen)).to_contain_text("1 differ")
    expect(page.locator("#picks")).to_contain_text("Live and config differ 2")
    expect(page.locator("#chosen")).to_have_text("2 chosen")
    expect(row(page, chosen).locator("input")).to_be_checked()
    expect(row(page, chosen).locator("input")).to_be_focused()
    assert page.evaluate("id => window.kept === document.getElementById(id)", f"fleet-{chosen.pk}")
    received = "".join(page.evaluate("received"))
    assert f'#fleet-{chosen.pk}"' in received
    assert f'#fleet-{hidden.pk}"' not in received


def test_host_that_stops_answering_is_seen_at_its_guests_however_they_are_sorted(open_page, crowd):
    page = open_page(f"/?q={word(crowd)}&sort=name")
    live(page)
    row(page, crowd[1]).locator("input").check()
    expect(page.locator(f"#fleet-state-{crowd[1].pk}")).to_have_text("running")
    change_host(crowd[1].host_id, state="unreachable")
    expect(row(page, crowd[1])).to_contain_text("was running")
    expect(row(page, crowd[24])).to_contain_text("was running")
    expect(page.locator("#picks")).to_contain_text("Host away 30")
    expect(row(page, crowd[1]).locator("input")).to_be_checked()
    change_host(crowd[1].host_id, state="connected")
    expect(page.locator(f"#fleet-state-{crowd[1].pk}")).to_have_text("running")


@pytest.mark.parametrize("query", ["", "&sort=name"])
@pytest.mark.parametrize("width", [390, 900, 1024, 1280])
def test_rows_fit_whatever_is_in_them(open_page, web, width, query):
    mark = os.urandom(3).hex()
    wide = make_domain(web.host, f"zz{mark}-" + "n" * 200, live=slot_map(512, "0-5", "4-5"))
    make_operation(wide, [(5, "live", "unconfirmed"), (6, "live", "waiting")], actor="a-name-of-some-length")
    page = open_page(f"/?q=zz{mark}{query}", viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What changed last is the one thing that is cut off.
    cells = "[...document.querySelectorAll('.fleet :is(td, tbody th):not(.last)')]"
    over = page.evaluate(
        f"{cells}.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.className)"
    )
    assert over == []
    assert row(page, wide).locator("td.at").is_visible() is bool(query)


def test_new_matches_are_announced_and_the_list_waits_to_be_asked(open_page, crowd):
    page = open_page(f"/?q={word(crowd)}&sort=name")
    live(page)
    row(page, crowd[3]).locator("input").check()
    new = make_domain(crowd[0].host, f"{word(crowd)}!first")
    change_domain(new)
    button = page.locator("#news .btn")
    expect(button).to_have_text("The list has changed")
    expect(row(page, new)).to_have_count(0)
    button.click()
    expect(row(page, new)).to_be_visible()
    expect(row(page, crowd[3]).locator("input")).to_be_checked()
    expect(page.locator("#chosen")).to_have_text("1 chosen")
    change_domain(new, live=CHANGED, live_count=5)  # the stream has followed
    expect(row(page, new)).to_contain_text("1 differ")


def test_guests_are_chosen_one_by_one_in_a_range_and_all_at_once(open_page, crowd):
    page = open_page(f"/?q={word(crowd)}&sort=name")
    boxes = page.locator("input[name=domain]")
    boxes.nth(2).click()
    boxes.nth(6).click(modifiers=["Shift"])
    expect(page.locator("#chosen")).to_have_text("5 chosen")
    page.locator("#tick-all").check()
    expect(page.locator("#chosen")).to_have_text("25 chosen")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#chosen")).to_have_text("Choose guests to change them together")
    expect(page.get_by_role("button", name="Change the chosen")).to_be_disabled()
    boxes.nth(0).click()
    page.route("**/batches/new/**", lambda route: route.fulfill(body="the plan"))
    with page.expect_request("**/batches/new/?**") as asked:
        page.get_by_role("button", name="Change the chosen").click()
    assert asked.value.url.endswith(f"/batches/new/?domain={crowd[0].pk}")
