from __future__ import annotations

import re
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from http.client import HTTPConnection

import pytest
from django.db import transaction
from playwright.sync_api import Request, Route, expect

from domains.models import Operation, Status
from domains.models.revision import next_revision
from domains.push.hub import PER_SESSION
from domains.push.stream import publish
from tests.browser.conftest import address, change_domain, change_host
from tests.integration.web.factory import make_operation, slot_map
from tests.waiting import LONG

ADDED = slot_map(8, "0-1,4-6", "4-6")


def live(page) -> None:
    expect(page.locator("#link")).to_have_attribute("data-link", "live")


def test_slot_turns_in_every_open_page_and_nothing_else_is_touched(open_page, web):
    pages = [open_page(address(web)), open_page(address(web), user="vera")]
    for page in pages:
        live(page)
    page = pages[0]
    page.locator("#slot-6 input").check(force=True)
    page.locator("#slot-7 input").check(force=True)
    page.locator("#slot-6 input").focus()
    page.fill("#change [name=note]", "half written")
    page.locator("#slot-6 input").focus()
    page.evaluate("window.kept = [...document.querySelectorAll('.slot')]")
    change_domain(web, live=ADDED)
    for each in pages:
        expect(each.locator("#slot-6")).to_have_attribute("data-live", "1")
        expect(each.locator("#counts")).to_contain_text("5")
    assert page.evaluate(
        "window.kept.every((node, at) => node === [...document.querySelectorAll('.slot')][at])"
    )
    assert page.evaluate("document.activeElement.value") == "6"
    expect(page.locator("#slot-6 input")).to_be_checked()
    expect(page.locator("#slot-7 input")).to_be_checked()
    expect(page.locator("#change [name=note]")).to_have_value("half written")
    expect(page.locator("#remove")).to_contain_text("Remove 6")


def test_outcome_of_an_operation_is_announced_and_shown_where_it_was_asked(open_page, web):
    page = open_page(address(web))
    live(page)
    page.locator("#slot-2 input").check(force=True)
    page.click("#add")
    expect(page.locator("#change-outcome")).to_contain_text("queued")
    expect(page.locator("#slot-2")).to_have_attribute("data-st", "queued")
    operation = Operation.objects.get(domain=web)
    with transaction.atomic():
        revision, now = next_revision(), datetime.now(UTC)
        operation.effects.update(state="done", settled_at=now)
        Operation.objects.filter(pk=operation.pk).update(
            status=Status.SUCCEEDED, started_at=now, finished_at=now, revision=revision
        )
        publish(f"operation:{operation.pk}", revision)
    expect(page.locator("#change-outcome")).to_contain_text("added vCPU 2 to web01")
    expect(page.locator("#announce")).to_contain_text("vCPU 2 of web01 added, live.")
    expect(page.locator("#slot-2")).not_to_have_attribute("data-st", "queued")


def test_first_connection_that_fails_is_made_again(open_page, web, site):
    page = open_page("/account/tokens/", strict=False)
    (session,) = (one["value"] for one in page.context.cookies() if one["name"] == "sessionid")
    with ExitStack() as others:  # as many as a session may have
        for _ in range(PER_SESSION):
            connection = others.enter_context(closing(HTTPConnection("127.0.0.1", site.port, timeout=LONG)))
            connection.request("GET", "/events?topic=fleet", headers={"Cookie": f"sessionid={session}"})
            stream = others.enter_context(connection.getresponse())
            assert stream.status == 200
        page.goto(address(web))
        expect(page.locator("#link")).to_have_attribute("data-link", "lost")
        assert page.inner_text("#stream") == ""
        change_domain(web, live=ADDED)
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")
    live(page)


def test_hidden_page_lets_go_of_its_stream_and_catches_up(open_page, web):
    page = open_page(address(web))
    live(page)
    hide = "(on) => { Object.defineProperty(document, 'hidden', {value: on, configurable: true});"
    page.evaluate(f"{hide} document.dispatchEvent(new Event('visibilitychange')); }}", True)
    change_domain(web, live=ADDED)
    page.wait_for_timeout(1000)
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "0")
    page.evaluate(f"{hide} document.dispatchEvent(new Event('visibilitychange')); }}", False)
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")
    live(page)


def test_page_catches_up_when_the_server_was_away(open_page, web, site):
    page = open_page(address(web), strict=False)
    live(page)
    site.stop()
    expect(page.locator("#link")).to_have_attribute("data-link", "lost")
    change_domain(web, live=ADDED)
    site.start()
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")
    live(page)


def test_resync_fetches_the_page_anew_and_keeps_what_was_chosen(open_page, web):
    page = open_page(address(web))
    live(page)
    page.locator("#slot-7 input").check(force=True)
    page.evaluate("window.kept = document.getElementById('slot-7')")
    type(web).objects.filter(pk=web.pk).update(live=ADDED)  # announced to nobody
    page.evaluate("htmx.trigger(document.getElementById('stream'), 'resync', {})")
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")
    expect(page.locator("#slot-7 input")).to_be_checked()
    assert page.evaluate("window.kept === document.getElementById('slot-7')")
    assert page.locator("#live").count() == 1
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_page_fetched_anew_listens_from_where_it_was_made(open_page, web):
    page = open_page(address(web))
    live(page)

    def overtake(route: Route) -> None:
        made = route.fetch()
        change_domain(web, live=ADDED)
        expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")  # as it was told meanwhile
        route.fulfill(response=made)

    page.route(re.compile(re.escape(address(web)) + "$"), overtake)
    for _ in range(2):  # the stream that is then there is told to do so as well
        with page.expect_request(re.compile("/events"), timeout=LONG * 1000):
            page.evaluate("htmx.trigger(document.getElementById('stream'), 'resync', {})")
    expect(page.locator("#slot-6")).to_have_attribute("data-live", "1")
    live(page)


@pytest.mark.parametrize("path", ["/", "/operations/", None])
def test_page_fetched_anew_keeps_no_other_stream(open_page, web, path):
    page = open_page("/account/tokens/", strict=False)
    streams: set[Request] = set()
    page.on("request", lambda request: streams.add(request) if "/events" in request.url else None)
    for ended in ("requestfinished", "requestfailed"):
        page.on(ended, lambda request: streams.discard(request))  # it takes no built-in
    page.goto(path or address(web))
    live(page)
    for _ in range(3):
        with page.expect_request(re.compile("/events")):
            page.evaluate("htmx.trigger(document.getElementById('stream'), 'resync', {})")
    page.wait_for_timeout(1500)  # longer than a stream that was lost takes to come back
    live(page)
    assert len(streams) == 1


def test_opened_details_stay_open_when_the_operation_goes_on(open_page, web):
    operation = make_operation(web, [(2, "live", "pending")])
    page = open_page(f"/operations/{operation.pk}/")
    live(page)
    page.click("main summary")
    expect(page.locator("pre")).to_be_visible()
    with transaction.atomic():
        revision = next_revision()
        Operation.objects.filter(pk=operation.pk).update(message="Something new.", revision=revision)
        publish(f"operation:{operation.pk}", revision)
    expect(page.locator("#operation")).to_contain_text("Something new.")
    expect(page.locator("pre")).to_be_visible()


def test_signing_out_elsewhere_ends_the_stream_with_a_word(open_page, web):
    page = open_page(address(web), strict=False)
    live(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/events" in request.url else None)
    other = page.context.new_page()
    other.goto("/")
    other.click("[aria-label='Sign out']")
    expect(page.locator("main > .note")).to_contain_text("You were signed out")
    page.wait_for_timeout(2500)
    assert len(asked) == 1
    page.locator("#slot-2 input").check(force=True)
    page.click("#add")
    expect(page.locator("#change-outcome")).to_contain_text("You are signed out")


def test_host_that_stops_answering_takes_the_buttons_away(open_page, web):
    page = open_page(address(web))
    live(page)

    change_host(web.host_id, state="unreachable")
    expect(page.locator("#banner")).to_contain_text("does not answer")
    expect(page.locator("#change")).to_be_hidden()
    change_host(web.host_id, state="connected")
    expect(page.locator("#change")).to_be_visible()


def test_lists_show_what_is_new(open_page, web):
    fleet, operations = open_page("/"), open_page("/operations/")
    live(fleet)
    live(operations)
    operation = make_operation(web, [(2, "live", "pending")])
    with transaction.atomic():
        publish(f"operation:{operation.pk}", operation.revision)
    expect(operations.locator("#news")).to_contain_text("1 new")
    expect(fleet.locator(f"#fleet-{web.pk}")).to_contain_text("1 queued")
    operations.click("#news a")
    expect(operations.locator(f"#operation-{operation.pk}")).to_contain_text("asked to add vCPU 2")
