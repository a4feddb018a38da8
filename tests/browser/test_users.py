"""An administrator gives a role and takes it away, and the other person's open page follows."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.conftest import address
from tests.integration.web.factory import make_user


def test_role_that_is_given_and_taken_is_seen_by_its_holder_at_once(web, open_page):
    make_user("ada", "administrator")
    make_user("nina")
    desk = open_page("/users/", user="ada")
    # Its stream may be refused once, before it asks for less.
    fleet = open_page("/", user="nina", strict=False)
    expect(fleet.get_by_role("heading", name="No guest that you may see")).to_be_visible()
    expect(fleet.locator("#link")).to_have_attribute("data-link", "live")

    desk.get_by_role("link", name="nina").click()
    desk.locator("select[name=role]").select_option("viewer")
    desk.locator("select[name=host]").select_option(web.host.slug)
    desk.locator("input[name=pattern]").fill("web*")
    desk.get_by_role("button", name="Give").click()
    expect(desk.get_by_role("rowheader", name=f"viewer on {web.host.slug} for web*")).to_be_visible()
    expect(fleet.get_by_role("link", name="web01")).to_be_visible()

    guest = open_page(address(web), user="nina", strict=False)
    expect(guest.locator("#link")).to_have_attribute("data-link", "live")
    desk.get_by_text("Take away: viewer").click()
    desk.get_by_role("button", name="Yes, take it").click()
    expect(desk.get_by_text("No role yet")).to_be_visible()
    expect(guest.get_by_text("You were signed out, or may no longer see this page.")).to_be_visible()
    expect(fleet.get_by_role("heading", name="No guest that you may see")).to_be_visible()
    assert not User.objects.get(username="nina").grant_set.exists()
