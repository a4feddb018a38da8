"""Every page in every state: nothing for axe-core to find, no breach of the content policy, nothing too wide."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from playwright.sync_api import expect

from domains.web.errors import broken
from tests.browser.conftest import Site
from tests.browser.scanning import ONCE, TWICE, inspect, look, signed_in
from tests.browser.world import World, make_world

__all__ = ["look", "signed_in"]


@pytest.fixture(scope="module")
def world(site: Site) -> World:
    return make_world()


PAGES = [
    "guest busy", "guest stale", "guest off", "guest gone", "guest unread", "guest power", "guest huge",
    "guest huge, a socket", "fleet", "fleet, none fits", "operations", "operations, none fits",
    "operations, access", "operation done", "operation waiting", "entry", "batches", "batch",
    "batch, planned", "hosts", "host", "host away", "host paused", "host, form", "host, remove", "host, new",
    "host, test", "users", "user", "groups", "group", "tokens", "sign out", "switched off", "help", "help, a page",
]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_page_has_nothing_for_axe_to_find(look, world, name):
    inspect(look(world.pages[name]), pairs=ONCE if name == "guest huge, a socket" else TWICE)


def test_no_page_is_forgotten(world):
    assert sorted(PAGES) == sorted(world.pages)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere/", 404),
        ("/operations/999/", 404),
        ("/?page=x&state=asleep", 400),
        ("/operations/?since=soon", 400),
        ("/batches/new/?domain=x", 404),
    ],
)
def test_page_of_what_is_refused(look, world, path, status):
    inspect(look(path, refused=status))


def test_page_of_what_one_may_not_do(look, world):
    page = look("/hosts/", user="vera", refused=403)
    expect(page.get_by_role("link", name="Sign in as somebody else")).to_be_visible()
    inspect(page)


def test_page_of_what_broke(look, world):
    page = look("/operations/")
    policy = page.request.get("/accounts/login/").headers["content-security-policy"]
    body = broken(RequestFactory().get("/operations/")).text
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
    page.route("**/operations/", lambda route: route.fulfill(body=body, headers=headers))
    page.reload()
    expect(page.get_by_role("link", name="Try it again")).to_be_visible()
    inspect(page)


def test_signing_in_and_not_getting_in(look, world):
    page = look("/accounts/login/", user="")
    inspect(page)
    page.fill("[name=login]", "ada")
    page.fill("[name=password]", "guessed")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_be_visible()
    inspect(page)


def test_guest_of_somebody_who_only_looks(look, world):
    page = look(world.pages["guest busy"], user="vera")
    page.locator("#slot-5").hover()
    inspect(page)


def test_guest_with_everything_open_a_selection_and_a_refusal(look, world):
    page = look(world.pages["guest busy"], refused=400)
    for vcpu in (2, 5, 10):
        page.locator(f"#slot-{vcpu} input").check(force=True)
    page.evaluate("document.querySelector('#change [name=note]').maxLength = 9999")
    page.fill("#change [name=note]", "n" * 2100)
    page.click("#add")
    expect(page.locator("#change-outcome")).to_contain_text("2000 is the most")
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    inspect(page)


@pytest.mark.parametrize("name", ["operation waiting", "entry", "operations", "user", "group", "tokens"])
def test_page_with_all_its_details_open(look, world, name):
    page = look(world.pages[name])
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    inspect(page)


def test_what_is_not_well_opened(look, world):
    page = look("/")
    summary = page.locator("#troubles summary")
    summary.click(timeout=60_000)
    expect(page.locator("#troubles li").first).to_be_visible()
    inspect(page)


@pytest.mark.parametrize(
    ("path", "fields", "button"),
    [
        ("/hosts/new/", {"slug": "no spaces", "queue": ""}, "Add"),
        ("/users/", {"name": "ada"}, "Make"),
        ("/users/groups/", {"name": "night shift"}, "Make"),
        ("/account/tokens/", {"name": "x", "days": "999"}, "Make"),
    ],
)
def test_form_that_is_refused(look, world, path, fields, button):
    page = look(path, refused=400)
    page.evaluate("document.querySelectorAll('main form').forEach((form) => { form.noValidate = true; })")
    for name, value in fields.items():
        page.fill(f"form[method=post] [name={name}]", value)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("alert").or_(page.locator("[aria-invalid=true]")).first).to_be_visible()
    inspect(page)


def test_secret_that_is_shown_once(look, world):
    page = look("/account/tokens/")
    page.fill("form[method=post] [name=name]", "backup")
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.locator("#secret")).to_be_visible()
    inspect(page)
