from __future__ import annotations

from playwright.sync_api import expect

from domains.models import Operation
from domains.vcpu.slots import Side
from tests.browser.conftest import address
from tests.browser.test_push import live

PATIENT = 60_000


def tick(page, *vcpus):
    for vcpu in vcpus:
        page.locator(f"#slot-{vcpu} input").check(force=True)


def test_slot_is_queued_at_the_click_and_done_when_it_was_done(open_page, worked):
    guest = worked.guest()
    page = open_page(address(guest))
    live(page)
    page.evaluate(
        "document.addEventListener('htmx:config:request',"
        " () => { window.atOnce = document.getElementById('slot-5').dataset.st })"
    )
    tick(page, 5)
    page.click("#add")
    expect(page.locator("#slot-5")).to_have_attribute("data-st", "queued")
    assert page.evaluate("window.atOnce") == "queued"
    expect(page.locator("#change-outcome")).to_contain_text("asked to add vCPU 5 to web01, live")
    expect(page.locator("#change-outcome").get_by_role("button", name="Cancel")).to_be_enabled()
    worked.work(guest)
    expect(page.locator("#slot-5[data-live='1']:not([data-asked])")).to_be_visible(timeout=PATIENT)
    expect(page.locator("#announce")).to_contain_text("vCPU 5 of web01 added, live.", timeout=PATIENT)
    assert worked.present(guest)[Side.LIVE] == [0, 1, 2, 3, 5]


def test_what_was_done_is_undone_where_it_stands(open_page, worked):
    guest = worked.guest()
    page = open_page(address(guest))
    live(page)
    tick(page, 5)
    page.click("#add")
    expect(page.locator("#change-outcome")).to_contain_text("queued")
    worked.work(guest)
    undo = page.locator("#change-outcome").get_by_role("button", name="Undo")
    expect(undo).to_be_enabled(timeout=PATIENT)
    expect(page.locator("#change-outcome .next")).to_contain_text(
        "A new operation would remove vCPU 5 of web01, live."
    )
    undo.click()
    expect(page.locator("#change-outcome")).to_contain_text("asked to remove vCPU 5 of web01, live")
    assert page.url.endswith(address(guest))
    undone = worked.work(guest)
    assert undone.undo_of is not None
    expect(page.locator("#announce")).to_contain_text("vCPU 5 of web01 removed, live.", timeout=PATIENT)
    assert worked.present(guest)[Side.LIVE] == [0, 1, 2, 3]


def test_undo_that_cannot_be_is_disabled_and_says_why(open_page, worked):
    guest = worked.guest()
    page = open_page(address(guest))
    live(page)
    page.check("[name=affect][value=config]", force=True)
    tick(page, 1)
    page.click("#make_removable")
    expect(page.locator("#change-outcome")).to_contain_text("queued")
    worked.work(guest)
    expect(page.locator("#change-outcome").get_by_role("button", name="Undo")).to_be_disabled(timeout=PATIENT)
    expect(page.locator("#change-outcome .next")).to_contain_text("no call that makes a vCPU fixed again")


def test_refused_request_leaves_the_slot_as_it_was(open_page, worked):
    guest = worked.guest()
    page = open_page(address(guest), strict=False)
    tick(page, 5)
    before = page.locator("#slot-5 .b").inner_html()
    page.evaluate("document.querySelector('#change [name=note]').maxLength = 9999")
    page.fill("#change [name=note]", "n" * 2100)
    page.click("#add")
    expect(page.locator("#change-outcome [role=alert]")).to_contain_text("2000 is the most")
    expect(page.locator("#slot-5")).not_to_have_attribute("data-st", "queued")
    assert page.locator("#slot-5 .b").inner_html() == before


def test_no_answer_is_told_from_a_refusal_and_can_be_tried_again(open_page, worked):
    guest = worked.guest()
    page = open_page(address(guest), strict=False)
    tick(page, 5)
    page.context.set_offline(True)
    page.click("#add")
    expect(page.locator("#change-outcome")).to_contain_text("No answer came.")
    expect(page.locator("#slot-5")).not_to_have_attribute("data-st", "queued")
    expect(page.locator("#slot-5 input")).to_be_checked()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#change-outcome")).to_contain_text("asked to add vCPU 5 to web01")
    assert Operation.objects.get(domain=guest).vcpu == [5]
