"""The pages of an installation where there is nothing yet: each says what to do next."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from domains.models import Host
from tests.browser.scanning import inspect, look, signed_in
from tests.integration.web.factory import make_user

__all__ = ["look", "signed_in"]
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def nothing(site):
    """Take away the host that the site begins with, and have somebody who administers what is left."""
    Host.objects.all().delete()
    make_user("ada", "administrator")
    make_user("newcomer")


@pytest.mark.parametrize(
    ("path", "heading", "next_step"),
    [
        ("/", "No host yet", "administrator has to add a host"),
        ("/operations/", "Nothing has happened yet", "Choose a guest on the fleet page"),
        ("/batches/", "No batch yet", "Choose several guests on the fleet page"),
        ("/hosts/", "No host yet", "Add"),
        ("/users/groups/", "No group yet", "group"),
        ("/account/tokens/", "No token yet", "Make one for each script"),
    ],
)
def test_empty_page_teaches_the_next_step(look, nothing, path, heading, next_step):
    page = look(path)
    empty = page.locator(".empty")
    expect(empty.get_by_role("heading")).to_have_text(heading)
    expect(empty).to_contain_text(next_step)
    inspect(page)


def test_newcomer_is_told_that_a_role_is_missing(look, nothing):
    page = look("/", user="newcomer")
    expect(page.locator(".empty")).to_be_visible()
    inspect(page)
