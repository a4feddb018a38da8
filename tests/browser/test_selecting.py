from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import address, change_domain
from tests.browser.test_push import ADDED, live
from tests.integration.web.factory import make_domain, make_power, slot_map


@pytest.fixture
def wide(web):
    """Two rows of sixteen slots, each a socket."""
    slots = slot_map(32, "0-3", "2-3")
    return make_domain(
        web.host, "wide01", live=slots, config=slots,
        topology={"sockets": 2, "dies": 1, "clusters": 1, "cores": 8, "threads": 2},
    )  # fmt: skip


def chosen(page: Page, words: str) -> None:
    expect(page.locator("#picked")).to_have_text(words)


def click(page: Page, vcpu: int, *modifiers: str) -> None:
    page.locator(f"#slot-{vcpu} input").click(modifiers=list(modifiers))


def middle(page: Page, vcpu: int) -> tuple[float, float]:
    page.locator(f"#slot-{vcpu}").scroll_into_view_if_needed()
    box = page.locator(f"#slot-{vcpu}").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, *vcpus: int) -> None:
    page.mouse.move(*middle(page, vcpus[0]))
    page.mouse.down()
    for vcpu in vcpus[1:]:
        page.mouse.move(*middle(page, vcpu), steps=4)
    page.mouse.up()


def test_shift_and_click_select_from_the_last_click_on_and_let_go_again(open_page, wide):
    page = open_page(address(wide))
    click(page, 6)
    click(page, 9, "Shift")
    chosen(page, "4 selected: 6–9")
    click(page, 4, "Shift")
    chosen(page, "3 selected: 4–6")
    click(page, 12)
    click(page, 13, "Shift")
    chosen(page, "5 selected: 4–6, 12, 13")


def test_shift_and_click_take_away_where_the_last_click_did(open_page, wide):
    page = open_page(address(wide))
    click(page, 4)
    click(page, 11, "Shift")
    click(page, 6)
    click(page, 8, "Shift")
    chosen(page, "5 selected: 4, 5, 9–11")


def test_range_holds_when_a_push_comes_in_between(open_page, wide):
    page = open_page(address(wide))
    live(page)
    click(page, 6)
    change_domain(wide, live=slot_map(32, "0-3,8", "2-3,8"))
    expect(page.locator("#slot-8")).to_have_attribute("data-live", "1")
    click(page, 9, "Shift")
    chosen(page, "4 selected: 6–9")
    page.evaluate("htmx.trigger(document.getElementById('stream'), 'resync', {})")
    page.keyboard.press("Shift+ArrowRight")
    chosen(page, "5 selected: 6–10")


def test_dragging_selects_what_it_goes_over_and_shrinks_on_the_way_back(open_page, wide):
    page = open_page(address(wide))
    drag(page, 4, 9)
    chosen(page, "6 selected: 4–9")
    drag(page, 12, 15, 13)
    chosen(page, "8 selected: 4–9, 12, 13")
    drag(page, 5, 6)  # from a selected one: takes away
    chosen(page, "6 selected: 4, 7–9, 12, 13")
    drag(page, 2, 3, 2)  # back to where it began
    chosen(page, "7 selected: 2, 4, 7–9, 12, 13")
    click(page, 2)
    chosen(page, "6 selected: 4, 7–9, 12, 13")


def test_finger_does_not_select_by_dragging(open_page, wide):
    page = open_page(address(wide), has_touch=True, viewport={"width": 390, "height": 1400})
    page.evaluate(
        """([[x, y], [right, bottom]]) => {
             const fire = (name, x, y) => document.elementFromPoint(x, y).dispatchEvent(new PointerEvent(name,
               {bubbles: true, pointerId: 7, pointerType: 'touch', button: 0, buttons: 1, clientX: x, clientY: y}));
             fire('pointerdown', x, y); fire('pointermove', right, bottom); fire('pointerup', right, bottom);
           }""",
        [middle(page, 1), middle(page, 3)],
    )
    chosen(page, "Choose slots above")
    assert page.evaluate("getComputedStyle(document.querySelector('.sockets')).touchAction") == "auto"
    page.locator("#slot-5").tap()
    chosen(page, "1 selected: 5")


def test_keys_extend_to_the_ends_and_select_all(open_page, wide):
    page = open_page(address(wide))
    page.locator("#slot-5 input").focus()
    page.keyboard.press("Shift+ArrowRight")
    chosen(page, "2 selected: 5, 6")
    page.keyboard.press("Shift+End")
    chosen(page, "27 selected: 5–31")
    page.keyboard.press("Shift+Home")
    chosen(page, "6 selected: 0–5")
    page.keyboard.press("Escape")
    chosen(page, "Choose slots above")
    page.keyboard.press("Shift+ArrowDown")
    chosen(page, "17 selected: 0–16")
    page.keyboard.press("Control+a")
    chosen(page, "32 selected: 0–31")


def test_unit_is_dragged_over_as_one(open_page, web):
    page = open_page(address(make_power(web.host)))
    drag(page, 8, 16)
    chosen(page, "3 selected: 8–19")


def test_focus_and_what_is_typed_stay_through_pushes(open_page, web):
    page = open_page(address(web))
    live(page)
    click(page, 2)
    page.locator("#change [name=note]").focus()
    page.keyboard.type("half ")
    change_domain(web, live=ADDED)
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")
    page.keyboard.type("written")
    page.evaluate("htmx.trigger(document.getElementById('stream'), 'resync', {})")
    change_domain(web, live=slot_map(8, "0-1,4-5,7", "4-5,7"))
    expect(page.locator("#slot-7")).to_have_attribute("data-live", "1")
    page.keyboard.type(" on")
    expect(page.locator("#change [name=note]")).to_have_value("half written on")
    chosen(page, "1 selected: 2")
    page.locator("#slot-3 input").focus()
    page.keyboard.press("Shift+ArrowRight")
    change_domain(web, live=ADDED)
    expect(page.locator("#slot-7")).to_have_attribute("data-live", "0")
    page.keyboard.press("Shift+ArrowRight")
    chosen(page, "4 selected: 2–5")
