"""What somebody new to the pages wants to find out or do, with nothing but the keyboard."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from domains.history import ledger
from domains.vcpu.slots import Side
from tests.browser.conftest import address
from tests.browser.test_push import live
from tests.integration.web.factory import make_operation

STOPS = 80  # of the Tab key; more than that is not to be reached by anybody


def reach(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press a key until the focus is there."""
    expect(wanted).to_be_visible()
    for _ in range(STOPS):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{STOPS} times {key} did not reach {wanted}")


def open_guest(page: Page, name: str) -> None:
    """Find a guest of the fleet by its name, and open it."""
    page.keyboard.press("/")
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type(name)
    expect(page.locator("tr[id^=fleet-]")).to_have_count(1)
    reach(page, page.get_by_role("link", name=name, exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(name)


def test_why_slot_1_cannot_be_removed_and_what_can_be_done(open_page, worked):
    worked.guest("fixed01")
    page = open_page("/")
    open_guest(page, "fixed01")
    reach(page, page.locator("#slot-0 input"))
    page.keyboard.press("ArrowRight")
    about = page.locator("#about")
    expect(about).to_contain_text("vCPU 1")
    expect(about).to_contain_text("vCPU 1 of fixed01 was there when the guest booted and cannot be removed")
    more = page.get_by_role("button", name="removable and fixed")
    reach(page, page.locator("summary", has_text="What the slots say"))
    page.keyboard.press("Enter")
    reach(page, more)
    page.keyboard.press("Enter")
    expect(page.locator("#word-removable")).to_contain_text("next start")
    reach(page, page.locator("#word-removable a"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/help/"))


def test_live_change_is_made_permanent(open_page, worked):
    guest = worked.guest("grown01")
    worked.simulator.foreign_set(str(guest.uuid), 4, True, Side.LIVE)
    worked.look(guest.uuid)
    page = open_page("/")
    open_guest(page, "grown01")
    live(page)
    permanent = page.get_by_role("button", name="Make permanent")
    reach(page, permanent)
    page.keyboard.press("Enter")
    expect(page.locator("#change-outcome")).to_contain_text("asked to")
    worked.work(guest)
    expect(page.locator("#differ")).to_contain_text("The same slots on both sides")
    assert worked.present(guest) == {Side.LIVE: [0, 1, 2, 3, 4], Side.CONFIG: [0, 1, 2, 3, 4]}


@pytest.fixture
def yesterday(web, monkeypatch):
    """Have vera remove vCPU 5 a day ago, and mara remove vCPU 4 just now."""

    before = datetime.now(UTC) - timedelta(days=1)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return before

    how = {"action": "remove", "status": "succeeded", "kinds": ("requested", "finished")}
    with monkeypatch.context() as then:
        then.setattr(ledger, "datetime", Clock)
        make_operation(web, [(5, "live", "done")], actor="vera", created_at=before, **how)
    make_operation(web, [(4, "live", "done")], **how)
    return web


def test_who_removed_a_vcpu_yesterday(open_page, yesterday):
    page = open_page(address(yesterday), timezone_id="UTC")
    reach(page, page.locator("nav").get_by_role("link", name="Operations"))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Operations")
    reach(page, page.get_by_role("link", name="Yesterday", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Yesterday", exact=True)).to_have_attribute("aria-current", "true")
    action = page.locator("[name=action]")
    reach(page, action)
    page.keyboard.type("rem")
    expect(action).to_have_value("remove")
    guest = page.locator("[name=domain]")
    reach(page, guest, "Shift+Tab")
    page.keyboard.type(str(yesterday.uuid))
    page.keyboard.press("Enter")
    expect(page.locator("#list tr[id]")).to_have_count(1)
    expect(page.locator("#list")).to_contain_text(re.compile(r"vera\s+removed vCPU\s+5\s+of\s+web01"))
