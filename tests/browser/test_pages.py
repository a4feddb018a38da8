from __future__ import annotations

import re

import pytest
from django.db import transaction
from playwright.sync_api import expect

from domains.models import Domain, Operation, clock
from domains.models.revision import next_revision
from domains.push.stream import publish
from tests.browser.conftest import address, change_domain
from tests.integration.web.factory import make_domain, make_operation, make_power, slot_map


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
    assert page.locator(".sockets .slot").count() == 0
    page.click("#card-3")
    expect(page.locator("#slot-1536")).to_be_visible()
    assert page.locator(".sockets .slot").count() == 512
    change_domain(big, config=slot_map(4096, "0-7,1536", "1536"))
    expect(page.locator("#slot-1536")).to_have_attribute("data-config", "1")
    expect(page.locator("#card-3")).to_contain_text("1 of 512")


GUEST = {"vcpus": "0-3", "online": "0-2", "offlinable": "1-3", "slots": {"0": 0, "1": 1, "4": 2, "5": 3}}


def test_unit_is_selected_and_sent_as_one(open_page, web):
    power = make_power(web.host)
    page = open_page(address(power))
    assert page.locator(".sockets .slot").count() == 8
    page.locator("#slot-8 input").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#picked")).to_have_text("2 selected: 8–15")
    expect(page.locator("#about h2")).to_have_text("vCPU 12–15")
    expect(page.locator("#add-says")).to_have_text(
        "Adds vCPU 8–15 to the running guest power01 until it is shut down."
    )
    page.locator("#go-on input").check()
    page.keyboard.press("a")
    expect(page.locator("#change-outcome")).to_contain_text("asked to add vCPU 8-15 to power01, live")
    operation = newest(power)
    assert operation.vcpu == [8, 9, 10, 11, 12, 13, 14, 15]
    assert operation.on_failure == "continue"
    expect(page.locator("#slot-8 input")).not_to_be_checked()
    expect(page.locator("#slot-8")).to_have_attribute("data-st", "queued")


def test_sync_button_makes_the_running_guest_permanent(open_page, web):
    page = open_page(address(web))
    expect(page.locator("#differ button")).to_have_count(0)
    change_domain(web, live=slot_map(8, "0-1,4-6", "4-6"))
    button = page.get_by_role("button", name="Make permanent")
    expect(button.locator("xpath=..")).to_contain_text("Adds vCPU 6 to the configuration.")
    page.locator("#slot-2 input").check(force=True)
    button.click()
    expect(page.locator("#change-outcome")).to_contain_text("asked to sync vCPU 6 of web01")
    operation = newest(web)
    assert (operation.action, operation.affect, operation.vcpu) == ("sync", "config", [6])
    expect(page.locator("#slot-2 input")).to_be_checked()


def test_enter_in_the_note_presses_no_button(open_page, web):
    change_domain(web, live=slot_map(8, "0-1,4-6", "4-6"))
    operation = make_operation(web, [(5, "live", "waiting")], action="remove", status="waiting")
    page = open_page(address(web))
    for path, field in (
        (address(web), "#change [name=note]"),
        (f"/operations/{operation.pk}/", "#control [name=note]"),
    ):
        page.goto(path)
        page.fill(field, "why")
        page.press(field, "Enter")
    page.goto(address(web))
    assert newest(web) == operation
    operation.refresh_from_db()
    assert operation.status == "waiting"


def test_make_removable_names_the_slots_that_go_along(open_page, web):
    change_domain(web, config=slot_map(8, "0-3", ""), live=slot_map(8, "0-3", ""))
    page = open_page(address(web))
    expect(page.locator("#make_removable")).to_be_hidden()
    page.locator("#slot-2 input").check(force=True)
    says = page.locator("#make_removable-says")
    expect(says).to_contain_text("Marks vCPU 2, 3 in the configuration of web01 as removable")
    expect(says).to_contain_text("vCPU 3, fixed and above 2, goes along")
    page.get_by_role("button", name="Make removable at next start").click()
    expect(page.locator("#change-outcome")).to_contain_text("make removable vCPU 2 of web01")
    operation = newest(web)
    assert (operation.action, operation.affect, operation.vcpu) == ("make_removable", "config", [2])


def test_slot_that_the_guest_does_not_use_can_be_brought_online(open_page, web):
    page = open_page(address(web))
    change_domain(web, guest=GUEST, guest_at=web.synced_at)
    slot = page.locator("#slot-5")
    expect(slot).to_have_attribute("data-guest", "off")
    slot.locator("input").check(force=True)
    expect(page.locator("#about")).to_contain_text(
        "CPU 3, not online: plugged, but its kernel does not use it."
    )
    expect(page.locator("#offline")).to_be_hidden()
    page.locator("#slot-4 input").check(force=True)
    expect(page.locator("#offline-says")).to_contain_text("stop using vCPU 4")
    page.click("#online")
    expect(page.locator("#change-outcome")).to_contain_text("bring online vCPU 5 of web01")
    assert newest(web).vcpu == [5]
    expect(page.locator("#slot-4 input")).to_be_checked()


def test_sentence_tells_of_half_a_core_and_of_a_paused_guest(open_page, web):
    change_domain(web, state="paused")
    page = open_page(address(web))
    says = page.locator("#remove-says")
    page.locator("#slot-4 input").check(force=True)
    expect(says).to_contain_text(
        "web01 is paused: the removal waits until it is resumed. Leaves one thread of core 2."
    )
    page.locator("#slot-5 input").check(force=True)
    expect(says).not_to_contain_text("Leaves")
    page.check("[name=affect][value=config]", force=True)
    expect(says).not_to_contain_text("paused")


def test_guest_is_asked_again_and_waiting_is_stopped_from_the_operations_page(open_page, web):
    operation = make_operation(web, [(5, "live", "waiting")], action="remove", status="waiting")
    page = open_page(f"/operations/{operation.pk}/")
    page.fill("#control [name=note]", "enough of it")
    page.get_by_role("button", name="Stop waiting").click()
    expect(page.locator("#operation h1")).to_contain_text("unconfirmed")
    expect(page.locator(".line")).to_contain_text("mara ended the waiting")
    expect(page.locator(".line")).to_contain_text("enough of it")
    expect(page.get_by_role("button", name="Stop waiting")).to_have_count(0)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".line")).to_contain_text("mara had the guest asked once more")
    operation.refresh_from_db()
    assert operation.asking


def test_buttons_of_an_operation_come_and_go_with_it(open_page, web):
    operation = make_operation(web, [(5, "live", "pending")], action="remove")
    page = open_page(f"/operations/{operation.pk}/")
    watching = open_page(f"/operations/{operation.pk}/", user="vera")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert watching.locator("#control").count() == 0
    with transaction.atomic():
        revision = next_revision()
        operation.effects.update(state="waiting", applied_at=clock.now())
        Operation.objects.filter(pk=operation.pk).update(status="waiting", attempt=1, revision=revision)
        publish(f"operation:{operation.pk}", revision)
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(watching.locator("#operation h1")).to_contain_text("waiting")
    assert watching.locator("[formaction]").count() == 0


def test_everything_that_a_selection_offers_works_without_script(open_page, web):
    page = open_page(address(web), strict=False, java_script_enabled=False)
    page.check("#slot-1 input", force=True)
    page.click("#rare summary")
    page.click("#make_removable")
    page.wait_for_url(re.compile(r"\?operation=\d+#change-outcome$"))
    assert "make removable vCPU 1 of web01" in page.inner_text("#change-outcome")
    operation = newest(web)
    page.goto(f"/operations/{operation.pk}/")
    page.click("text=Cancel")
    assert "mara cancelled it before it started" in page.inner_text(".line")
