from __future__ import annotations

from playwright.sync_api import expect

from domains.push.beats import beat, forget
from tests.browser.conftest import address


def test_what_is_not_well_comes_by_itself_moves_nothing_and_stays_open_while_it_is_read(open_page, web):
    forget("worker", "w1")
    page = open_page(address(web), viewport={"width": 390, "height": 800})
    panel = page.locator("#troubles")
    expect(panel.get_by_role("status")).to_contain_text("No worker answers.")
    before = page.locator("main h1").bounding_box()
    panel.locator("summary").focus()
    page.keyboard.press("Enter")
    sentence = panel.get_by_text("No worker answers: operations stay queued until one is started.")
    expect(sentence).to_be_in_viewport(ratio=1)
    expect(panel.get_by_text("No watcher is at work")).to_be_visible()
    assert page.locator("main h1").bounding_box() == before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    beat("worker", "w1", {"queues": ["default"]}, 60)
    expect(sentence).to_have_count(0)

    expect(panel.get_by_text("No watcher is at work")).to_be_visible()
    expect(panel.locator("summary")).to_be_focused()
    expect(panel.get_by_role("status")).to_have_text("No watcher at work.")


def test_next_page_shows_what_the_last_one_found_out(open_page, web):
    forget("worker", "w1")
    page = open_page("/")
    panel = page.locator("#troubles")
    expect(panel.get_by_role("status")).to_contain_text("No worker answers.")

    page.goto("/account/tokens/")

    expect(panel.get_by_role("status")).to_contain_text("No worker answers.")
    panel.locator("summary").click()
    expect(panel.get_by_text("operations stay queued until one is started")).to_be_visible()
