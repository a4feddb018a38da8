"""Before what could hurt the page asks; and of two people at one slot the second learns of the first."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from domains.models import Operation
from domains.vcpu.slots import Side
from tests.browser.conftest import address
from tests.browser.test_acting import PATIENT, tick
from tests.browser.test_push import live
from tests.integration.web.factory import make_user


@pytest.fixture
def two(worked):
    """A guest with two removable slots."""
    return worked.guest()


def test_last_removable_ones_go_only_after_a_yes(open_page, worked, two):
    page = open_page(address(two))
    live(page)
    tick(page, 2, 3)
    page.click("#remove")
    sure = page.locator("#sure")
    expect(sure).to_be_visible()
    expect(sure).to_contain_text("Remove vCPU 2-3 of web01?")
    expect(sure).to_contain_text("These are the last that can be removed from web01 while it runs")
    expect(sure.get_by_role("button", name="Leave it as it is")).to_be_focused()
    expect(page.locator("#slot-2")).not_to_have_attribute("data-st", "queued")
    page.keyboard.press("Escape")
    expect(sure).to_be_hidden()
    expect(page.locator("#slot-2 input")).to_be_checked()
    assert not Operation.objects.filter(domain=two).exists()

    page.locator("#slot-3 input").focus()
    page.keyboard.press("r")
    expect(sure).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(sure).to_be_hidden()
    expect(page.locator("#slot-2")).to_have_attribute("data-st", "queued")
    expect(page.locator("#slot-2 input")).not_to_be_checked()
    worked.work(two)
    expect(page.locator("#slot-2")).to_have_attribute("data-live", "0", timeout=PATIENT)
    assert worked.present(two)[Side.LIVE] == [0, 1]


def test_question_is_a_page_without_script(open_page, worked):
    guest = worked.guest("deaf01", agent=None)
    page = open_page(address(guest), strict=False, java_script_enabled=False)
    page.check("#slot-3 input", force=True)
    page.fill("#change [name=note]", "T-7")
    page.click("#remove")
    expect(page.locator("main")).to_contain_text("Remove vCPU 3 of deaf01?")
    expect(page.locator("main")).to_contain_text("has no guest agent")
    page.get_by_role("button", name="Remove vCPU 3").click()
    expect(page.locator("#change-outcome")).to_contain_text("asked to remove vCPU 3 of deaf01")
    worked.work(guest)
    page.reload()
    expect(page.locator("#change-outcome")).to_contain_text("removed vCPU 3 of deaf01, live")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#change-outcome")).to_contain_text("asked to add vCPU 3 to deaf01")
    worked.work(guest)
    assert worked.present(guest)[Side.LIVE] == [0, 1, 2, 3]


def test_second_at_a_slot_sees_the_first_and_is_refused_in_words(open_page, worked, two):
    if not get_user_model().objects.filter(username="nils").exists():
        make_user("nils", "operator")
    mara, nils = open_page(address(two)), open_page(address(two), user="nils")
    for page in (mara, nils):
        live(page)
        tick(page, 5)
    mara.click("#add")
    expect(nils.locator("#slot-5")).to_have_attribute("data-st", "queued", timeout=PATIENT)
    expect(nils.locator("#add-says")).to_contain_text("vCPU 5 is taken: mara asked at")
    nils.click("#add")
    expect(nils.locator("#change-outcome")).to_contain_text(
        "Another operation still works on vCPU 5 of web01"
    )
    expect(nils.locator("#change-outcome")).to_contain_text("mara")
    expect(nils.locator("#slot-5 input")).to_be_checked()
    worked.work(two)
    for page in (mara, nils):
        expect(page.locator("#slot-5[data-live='1'][data-st=differ]")).to_be_visible(timeout=PATIENT)
    expect(nils.locator("#add")).to_be_hidden()
    assert worked.present(two)[Side.LIVE] == [0, 1, 2, 3, 5]


def test_failure_offers_the_next_step_below_its_row(open_page, worked, two):
    page = open_page(address(two))
    live(page)
    type(worked.host).objects.filter(pk=worked.host.pk).update(monitor=True)  # by which a refusal is heard
    worked.simulator.guest(str(two.uuid), "refuses")
    tick(page, 3)
    page.click("#remove")
    expect(page.locator("#change-outcome")).to_contain_text("queued")
    worked.work(two)
    failure = page.locator(".failures .note")
    expect(failure).to_contain_text("vCPU 3 was not removed.", timeout=PATIENT)
    worked.simulator.guest(str(two.uuid), "cooperates")
    failure.get_by_role("button", name="Retry").click()
    expect(page.locator("#change-outcome")).to_contain_text("asked to remove vCPU 3 of web01")
    worked.work(two)
    expect(page.locator("#slot-3")).to_have_attribute("data-live", "0", timeout=PATIENT)
    expect(failure).to_have_count(0, timeout=PATIENT)
