"""A click in Chromium adds vCPU 5 to a real guest, and everyone watching sees it."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect

from domains.vcpu import cpulist
from tests.browser.clicks import (
    TURN_MS,
    add_and_remove_slot_5,
    ask_guest,
    find_both_in_the_history,
    online_in_guest,
    open_web01,
    present,
    press,
    slot,
)
from tests.browser.people import sign_in
from tests.browser.test_push import live


def test_a_click_turns_slot_5_for_everyone_and_the_guest_agrees(product, new_context):
    actor, onlooker = (open_web01(sign_in(new_context(), product), product) for _ in range(2))
    add_and_remove_slot_5(product, actor, onlooker)
    find_both_in_the_history(product, actor)


def test_the_keyboard_alone_is_enough(product, new_context):
    page = open_web01(sign_in(new_context(), product), product)
    live(page)
    page.locator("#slot-6 input").focus()
    page.keyboard.press("Space")
    page.keyboard.press("a")
    expect(page.locator("#slot-6[data-live='1']:not([data-st=adding])")).to_be_visible(timeout=TURN_MS)
    page.locator("#slot-6 input").focus()
    page.keyboard.press("Space")

    def agree() -> None:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

    press(page, lambda: page.keyboard.press("r"), agree)
    expect(slot(page, 6, "0", "0")).to_be_visible(timeout=TURN_MS)


def test_it_works_without_javascript(product, new_context):
    page = open_web01(sign_in(new_context(java_script_enabled=False), product), product)
    for action, state in (("add", "1"), ("remove", "0")):
        page.check("input[name=vcpu][value='7']")
        page.click(f"#{action}")
        if page.locator("form[data-confirm]").count():
            page.click("form[data-confirm] .solid")
        expect(page.locator("#change-outcome")).to_contain_text("Operation")
        deadline = time.monotonic() + TURN_MS / 1000
        while not page.locator(
            f"#slot-7[data-live='{state}']:not([data-st=adding]):not([data-st=removing])"
        ).count():
            assert time.monotonic() < deadline, f"slot 7 did not turn {state}"
            page.reload()


def test_a_change_by_virsh_shows_on_the_open_page(product, new_context):
    page = open_web01(sign_in(new_context(), product), product)
    expect(page.locator("#slot-8[data-live='0']")).to_be_visible()
    product.virsh("setvcpu", "web01", "8", "--enable", "--live")
    expect(page.locator("#slot-8[data-live='1']")).to_be_visible(timeout=TURN_MS)
    product.virsh("setvcpu", "web01", "8", "--disable", "--live")
    expect(page.locator("#slot-8[data-live='0']")).to_be_visible(timeout=TURN_MS)
    page.goto(f"{product.url}/operations/")
    expect(page.get_by_text("changed outside Slotboard").first).to_be_visible()


def test_a_stubborn_guest_is_told_as_refusing_in_the_slot(product, new_context):
    page = sign_in(new_context(), product)
    page.goto(product.url)
    page.get_by_role("link", name="stubborn01").click()
    page.check("input[name=vcpu][value='9']")
    page.click("#add")
    expect(page.locator("#slot-9[data-live='1']:not([data-st=adding])")).to_be_visible(timeout=TURN_MS)
    page.check("input[name=vcpu][value='9']")
    press(page, page.locator("#remove").click)
    expect(page.locator("#slot-9[data-live='1'][data-st=failed]")).to_be_visible(timeout=TURN_MS)
    expect(page.get_by_text("refused to let go of vCPU 9").first).to_be_visible()
    expect(page.locator("#slot-9[data-live='0']")).to_have_count(0)


def live_slots(product):
    return cpulist.load(product.vcpu("show", "lab", "web01")[1]["live"]["present"])


def test_a_double_click_on_first_available_adds_one_slot(product, new_context):
    page = open_web01(sign_in(new_context(), product), product)
    before = live_slots(product)
    first = min(set(range(32)) - before)
    page.get_by_role("button", name="Add first available").dblclick()
    expect(page.locator(f"#slot-{first}[data-live='1']:not([data-st=adding])")).to_be_visible(timeout=TURN_MS)
    assert live_slots(product) == before | {first}
    product.vcpu("remove", "lab", "web01", "--vcpu", str(first), "--live", "--wait")


def test_a_live_change_is_made_permanent_and_the_guest_switches_its_cpu(product, new_context):
    page = open_web01(sign_in(new_context(), product), product)
    assert product.vcpu("add", "lab", "web01", "--vcpu", "10", "--live", "--wait")[0] == 0
    page.get_by_role("button", name="Make permanent").click()
    expect(slot(page, 10, "1", "1")).to_be_visible(timeout=TURN_MS)
    assert present(product, 10) == {"live": True, "config": True}
    before = online_in_guest(product)
    for button, guest, gained in (("offline", "[data-guest=off]", -1), ("online", ":not([data-guest])", 0)):
        page.locator(f"#slot-10[data-can~={button}]").wait_for(timeout=TURN_MS)
        page.check("input[name=vcpu][value='10']", force=True)
        page.click(f"#{button}")
        expect(page.locator(f"#slot-10{guest}:not([data-st])")).to_be_visible(timeout=TURN_MS)
        assert online_in_guest(product) == before + gained
    done = product.vcpu("remove", "lab", "web01", "--vcpu", "10", "--live", "--config", "--wait")
    assert done[0] == 0, done


def test_a_vcpu_that_is_kept_busy_fills_its_slot(product, new_context):
    page = open_web01(sign_in(new_context(), product), product)
    idle = page.locator(".sockets .slot[data-live='1']:is([data-u='0'], [data-u='1'])")
    busy = page.locator(".sockets .slot[data-live='1'][data-u]:not([data-u='0'], [data-u='1'])")
    expect(idle).to_have_count(len(live_slots(product)), timeout=TURN_MS)
    begun = ask_guest(product, "guest-exec", path="/bin/sh", arg=["-c", "while :; do :; done"])
    try:
        expect(busy).not_to_have_count(0, timeout=TURN_MS)
        busy.first.locator("input").focus()
        expect(page.locator("#about")).to_contain_text(re.compile(r"\d+ % of one CPU over the last \d+ s"))
    finally:
        ask_guest(product, "guest-exec", path="/bin/kill", arg=[str(begun["pid"])])
    expect(busy).to_have_count(0, timeout=TURN_MS)


def test_an_addition_is_undone_from_its_page(product, new_context):
    status, operation = product.vcpu("add", "lab", "web01", "--vcpu", "12", "--live", "--config", "--wait")
    assert status == 0, operation
    page = sign_in(new_context(), product)
    page.goto(f"{product.url}/operations/{operation['id']}/")
    page.fill("input[name=note]", "not needed after all")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("removed vCPU 12 of web01", timeout=TURN_MS)
    expect(page.locator("#live")).to_contain_text(f"undoes operation {operation['id']}")
    expect(page.get_by_text("not needed after all", exact=True)).to_be_visible()
    assert present(product, 12) == {"live": False, "config": False}
    page.get_by_role("link", name=f"operation {operation['id']}").first.click()
    expect(page.locator("#live")).to_contain_text("undone by operation")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
