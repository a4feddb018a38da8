from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from domains.models import Domain, Operation
from tests.browser.conftest import address, change_domain
from tests.integration.web.factory import make_domain, make_operation, slot_map


def newest(domain: Domain) -> Operation:
    operation = Operation.objects.filter(domain=domain).first()
    assert operation is not None
    return operation


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1440])
def test_no_page_is_wider_than_its_window_or_breaks_the_policy(open_page, web, scheme, width):
    make_domain(web.host, "n" * 255)
    make_domain(web.host, "\u202e<b>" + "wide name " * 12)
    operation = make_operation(
        web, [(5, "live", "waiting"), (5, "config", "waiting")], action="remove", status="waiting"
    )
    page = open_page("/", color_scheme=scheme, viewport={"width": width, "height": 900})
    for path in ("/", address(web), "/operations/", f"/operations/{operation.pk}/"):
        page.goto(path)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_theme_button_changes_the_page_and_lasts(open_page, web):
    page = open_page("/", color_scheme="light")
    page.click("[data-theme-toggle]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/operations/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_slot_is_added_by_keyboard_alone(open_page, web):
    page = open_page(address(web))
    page.locator("#slot-0 input").focus()
    for key in ("ArrowRight", "ArrowRight", "Space", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#slot-2 input")).to_be_checked()
    expect(page.locator("#slot-3 input")).to_be_checked()
    expect(page.locator("#add")).to_contain_text("Add 2, 3")
    expect(page.locator("#about h2")).to_have_text("vCPU 3")
    expect(page.locator("#about")).to_contain_text("absent, can be added.")
    page.keyboard.press("a")
    expect(page.locator("#change-outcome")).to_contain_text("asked to add vCPU 2-3 to web01, live")
    operation = newest(web)
    assert (operation.action, operation.vcpu, operation.affect) == ("add", [2, 3], "live")
    expect(page.locator("#slot-2 input")).not_to_be_checked()


def test_grid_is_one_stop_of_the_tab_key(open_page, web):
    page = open_page(address(web))
    assert page.locator(".sockets input[tabindex='0']").count() == 1
    page.locator("#slot-0 input").focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.value") == "7"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.slot')") is None


def test_escape_clears_the_selection(open_page, web):
    page = open_page(address(web))
    page.locator("#slot-4 input").check(force=True)
    expect(page.locator("#picked")).to_have_text("1 selected: 4")
    page.keyboard.press("Escape")
    expect(page.locator("#slot-4 input")).not_to_be_checked()
    expect(page.locator("#picked")).to_have_text("Choose slots above")


def test_mixed_selection_sends_only_what_the_button_names(open_page, web):
    page = open_page(address(web))
    for vcpu in (1, 2, 4):
        page.locator(f"#slot-{vcpu} input").check(force=True)
    expect(page.locator("#remove")).to_contain_text("Remove 4")
    expect(page.locator("#remove-says")).to_contain_text("Leaves out 1, which cannot be changed here")
    page.check("[name=affect][value=config]", force=True)
    page.click("#remove")
    expect(page.locator("#change-outcome .note")).to_be_visible()
    operation = newest(web)
    assert (operation.action, operation.affect) == ("remove", "config")
    assert operation.vcpu == [1, 4]
    expect(page.locator("#slot-2 input")).to_be_checked()


def test_refusal_is_shown_in_place_and_keeps_the_selection(open_page, web):
    page = open_page(address(web), strict=False)
    page.locator("#slot-2 input").check(force=True)
    page.evaluate("document.querySelector('#change [name=note]').maxLength = 9999")
    page.fill("#change [name=note]", "n" * 2100)
    page.click("#add")
    expect(page.locator("#change-outcome")).to_contain_text("2000 is the most")
    expect(page.locator("#slot-2 input")).to_be_checked()
    assert not Operation.objects.filter(domain=web).exists()


def test_shortcut_names_its_slot_and_sends_it_along(open_page, web):
    page = open_page(address(web))
    first = page.locator("#shortcuts li", has_text="Add first available")
    expect(first).to_contain_text("vCPU 2, live")
    first.get_by_role("button").click()
    expect(page.locator("#change-outcome")).to_contain_text("asked to add the first available vCPU to web01")
    operation = newest(web)
    assert (operation.vcpu, operation.expect) == ("first", 2)


def test_everything_works_without_script(open_page, web):
    page = open_page(address(web), strict=False, java_script_enabled=False)
    page.check("#slot-2 input", force=True)
    page.check("[name=affect][value=both]", force=True)
    page.click("#add")
    page.wait_for_url(re.compile(r"\?operation=\d+#change-outcome$"))
    assert "asked to add vCPU 2 to web01, live and config" in page.inner_text("#change-outcome")
    assert page.get_attribute("#slot-2", "data-st") == "queued"
    assert newest(web).vcpu == [2]
    page.click("#remove")
    assert "Name at least one vCPU" in page.inner_text("#change-outcome")
    page.click("text=Remove highest")
    assert "asked to remove the highest vCPU" in page.inner_text("#change-outcome")


def test_viewer_can_look_at_every_slot_but_change_none(open_page, web):
    page = open_page(address(web), user="vera")
    assert page.locator("#change").count() == 0
    page.locator("#slot-0").hover()
    expect(page.locator("#about")).to_contain_text("every guest keeps it")


def test_large_guest_opens_one_socket(open_page, web):
    big = make_domain(
        web.host, "big01", state="shut off", live=None, config=slot_map(4096, "0-7", ""),
        topology={"sockets": 8, "dies": 1, "clusters": 1, "cores": 256, "threads": 2},
    )  # fmt: skip
    page = open_page(address(big))
    assert page.locator(".sockets .slot").count() == 512
    page.click("#card-3")
    expect(page.locator("#slot-1536")).to_be_visible()
    change_domain(big, config=slot_map(4096, "0-7,1536", "1536"))
    expect(page.locator("#slot-1536")).to_have_attribute("data-config", "1")
    expect(page.locator("#card-3")).to_contain_text("1 of 512")
