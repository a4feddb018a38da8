from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import address, change_domain
from tests.browser.test_push import ADDED, live
from tests.integration.web.factory import make_domain, slot_map


def test_question_mark_shows_the_keys_on_every_page_and_so_does_a_button(open_page, web):
    page = open_page(address(web))
    for path in ("/", "/operations/", address(web)):
        page.goto(path)
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#keys")).to_be_hidden()
        page.click("#show-keys")
        expect(page.get_by_role("dialog", name="Keys")).to_contain_text("select from the last one on")
        page.keyboard.press("Enter")
        expect(page.locator("#keys")).to_be_hidden()
        expect(page.locator("#show-keys")).to_be_focused()


def test_slash_goes_to_the_search(open_page, web):
    page = open_page(address(web))
    page.keyboard.press("/")
    page.wait_for_url(re.compile("/#words$"))
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type("a/b?")
    expect(page.locator("#words")).to_have_value("a/b?")
    expect(page.locator("#keys")).to_be_hidden()


def test_single_keys_can_be_switched_off_for_good(open_page, web):
    page = open_page(address(web))
    page.click("#show-keys")
    page.get_by_label("Use these two single keys").uncheck()
    page.keyboard.press("Escape")
    page.goto("/operations/")
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.locator("#keys")).to_be_hidden()
    assert page.url.endswith("/operations/")
    page.click("#show-keys")
    page.get_by_label("Use these two single keys").check()
    page.keyboard.press("Escape")
    page.locator("body").press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_letters_act_from_within_the_board_only(open_page, web):
    page = open_page(address(web))
    page.locator("#slot-2 input").check(force=True)
    page.locator("#show-keys").focus()
    page.keyboard.press("a")
    page.keyboard.press("r")
    page.fill("#change [name=note]", "")
    page.locator("#change [name=note]").press_sequentially("a r")
    expect(page.locator("#change-outcome")).to_be_empty()
    expect(page.locator("#change [name=note]")).to_have_value("a r")
    page.locator("#slot-2 input").focus()
    page.keyboard.press("a")
    expect(page.locator("#change-outcome")).to_contain_text("asked to add vCPU 2 to web01")


def uncovered(page: Page) -> None:
    """Wait until the focused slot can be seen, and not the form in front of it."""
    page.wait_for_function(
        """() => { const box = document.activeElement.getBoundingClientRect();
             const seen = document.elementFromPoint(box.left + box.width / 2, box.bottom - 4);
             return seen !== null && seen.closest('.slot') === document.activeElement.closest('.slot'); }"""
    )


@pytest.mark.parametrize(("width", "height"), [(390, 520), (390, 844), (1440, 700)])
def test_focused_slot_is_never_hidden_by_the_form_below(open_page, web, width, height):
    slots = slot_map(128, "0-3", "2-3")
    tall = make_domain(
        web.host, "tall01", live=slots, config=slots,
        topology={"sockets": 16, "dies": 1, "clusters": 1, "cores": 8, "threads": 1},
    )  # fmt: skip
    page = open_page(address(tall), viewport={"width": width, "height": height})
    page.locator("#slot-0 input").focus()
    for _ in range(12):
        page.keyboard.press("Shift+ArrowDown")
        uncovered(page)
    for _ in range(12):
        page.keyboard.press("ArrowUp")
        uncovered(page)


def test_focus_stays_on_its_slot_and_the_chosen_side_is_kept(open_page, web):
    page = open_page(address(web))
    live(page)
    page.locator("#slot-5 input").focus()
    page.keyboard.press("ArrowRight")
    change_domain(web, live=ADDED)
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")
    assert page.evaluate("document.activeElement.value") == "6"
    page.locator("[name=affect][value=live]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[name=affect][value=config]")).to_be_checked()
    change_domain(web, live=slot_map(8, "0-1,4-5", "4-5"))
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "0")
    assert page.evaluate("document.activeElement.value") == "config"
    page.goto("/")
    page.goto(address(web))
    expect(page.locator("[name=affect][value=config]")).to_be_checked()
