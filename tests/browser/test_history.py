"""The operation history in a browser: found while one types, in the viewer's own time, and never jumping."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from domains.models import Domain, HistoryLine, Operation
from domains.models.revision import next_revision
from domains.push.stream import publish
from tests.integration.web.factory import make_domain, make_entry, make_operation


def of(domain: Domain, **more: str) -> str:
    return "&".join(
        ["/operations/?host=" + domain.host.slug, *(f"{name}={value}" for name, value in more.items())]
    )


def row(page: Page, operation: Operation):
    return page.locator(f"#operation-{operation.pk}")


def live(page: Page) -> None:
    expect(page.locator("#link")).to_have_attribute("data-link", "live")


@pytest.fixture
def two(web: Domain) -> tuple[Operation, Operation]:
    """Give an operation that succeeded, with a note, and one that failed."""
    return (
        make_operation(web, [(5, "live", "done")], status="succeeded", note="ticket OPS-4711"),
        make_operation(
            web, [(2, "live", "failed")], status="failed", reason="domain_busy", message="It was busy."
        ),
    )


def test_typing_and_choosing_find_at_once_and_the_way_back_works(open_page, web, two):
    done, failed = two
    page = open_page(of(web))
    expect(row(page, failed)).to_be_visible()
    expect(page.locator("#filters .apply")).to_be_hidden()
    page.evaluate("window.kept = document.getElementById('words')")

    page.fill("#words", "ops-4711")
    expect(row(page, failed)).to_have_count(0)
    expect(row(page, done)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/operations/\?q=ops-4711&host={web.host.slug}$"))
    expect(page.locator("#words")).to_be_focused()

    page.click("#switches >> text=Today")
    expect(page).to_have_url(re.compile(r"q=ops-4711&since=today&host=[^&]+$"))
    expect(page.locator("#words")).to_have_value("ops-4711")
    page.click("#switches >> text=All time")
    expect(row(page, done)).to_be_visible()
    page.evaluate("window.kept = document.getElementById('words')")

    page.select_option("[name=status]", "failed")
    expect(page.locator("#list")).to_contain_text("Nothing fits all of this")
    expect(page).to_have_url(re.compile(r"q=ops-4711&host=[^&]+&status=failed$"))
    assert page.evaluate("window.kept === document.getElementById('words')")

    page.click("#list >> text=words ops-4711")
    expect(row(page, failed)).to_be_visible()
    expect(page.locator("#words")).to_have_value("")

    page.go_back()
    expect(page.locator("#list")).to_contain_text("Nothing fits all of this")
    page.go_back()
    expect(row(page, done)).to_be_visible()
    expect(page.locator("#words")).to_have_value("ops-4711")
    expect(page.locator("[name=status]")).to_have_value("")
    page.go_back()
    expect(page.locator("#switches [aria-current]").last).to_have_text("Today")
    page.go_back()
    expect(page.locator("#switches [aria-current]").last).to_have_text("All time")
    page.go_back()
    expect(row(page, failed)).to_be_visible()
    expect(page.locator("#words")).to_have_value("")
    live(page)


def test_without_scripts_a_button_finds(open_page, web, two):
    done, failed = two
    page = open_page(of(web), java_script_enabled=False)
    page.fill("#words", "busy")
    page.click("#filters .apply")
    expect(row(page, failed)).to_be_visible()
    expect(row(page, done)).to_have_count(0)
    expect(page).to_have_url(re.compile(rf"/operations/\?q=busy&host={web.host.slug}$"))
    expect(row(page, failed).locator("time")).to_have_text(f"{failed.created_at:%H:%M:%S}")
    page.click(".chosen >> text=busy")
    expect(row(page, done)).to_be_visible()


def test_new_lines_are_announced_and_those_shown_stay_where_they_are(open_page, web):
    old = make_operation(web, [(5, "live", "pending")], status="queued")
    page = open_page(of(web))
    live(page)
    expect(row(page, old)).to_contain_text("queued")

    make_operation(make_domain(web.host, "db01"), [(5, "live", "done")], status="succeeded")  # unannounced
    for vcpu in (2, 3):
        operation = make_operation(web, [(vcpu, "live", "pending")], status="queued")
        publish(f"operation:{operation.pk}", operation.revision)
    expect(page.locator("#news")).to_have_text(re.compile(r"\s*3 new\s*"))
    expect(row(page, operation)).to_have_count(0)

    with transaction.atomic():
        revision = next_revision()
        Operation.objects.filter(pk=old.pk).update(
            status="cancelled", finished_at=datetime.now(UTC), revision=revision
        )
        publish(f"operation:{old.pk}", revision)
    expect(row(page, old)).to_contain_text("cancelled")
    assert page.locator(".ops tbody tr[id]").count() == 1

    page.click("#news a")
    expect(row(page, operation)).to_be_visible()
    assert page.locator(".ops tbody tr[id]").count() == 4
    expect(page.locator("#news")).to_be_empty()


def test_list_that_is_fetched_again_keeps_its_rows_and_its_filters(open_page, web, two):
    done, failed = two
    page = open_page(of(web, status="failed"))
    live(page)
    make_operation(web, [(2, "live", "failed")], status="failed")
    Operation.objects.filter(pk=failed.pk).update(message="Something new.")  # announced to nobody
    page.evaluate("htmx.trigger(document.getElementById('stream'), 'resync', {})")
    expect(row(page, failed)).to_contain_text("Something new.")
    assert page.locator(".ops tbody tr[id]").count() == 1
    expect(row(page, done)).to_have_count(0)


def test_times_and_days_are_the_viewers_and_stay_so_when_a_row_changes(open_page, web):
    moment = datetime(2026, 3, 1, 23, 30, 15, 250_000, tzinfo=UTC)
    operation = make_operation(web, [(5, "live", "pending")], status="queued", created_at=moment)
    page = open_page(of(web), timezone_id="Asia/Kolkata", locale="de-DE")
    live(page)
    time = row(page, operation).locator("time")
    expect(time).to_have_text("05:00:15")
    expect(time).to_have_attribute("title", "2026-03-01 23:30:15.250000 UTC")
    expect(page.locator(".ops .day")).to_have_text("Monday, 2 March 2026")
    expect(page.locator(".foot")).to_contain_text(
        re.compile(r"times in Asia/(Kolkata|Calcutta), UTC on hover")
    )

    with transaction.atomic():
        revision = next_revision()
        Operation.objects.filter(pk=operation.pk).update(
            status="cancelled", finished_at=moment + timedelta(seconds=1), revision=revision
        )
        publish(f"operation:{operation.pk}", revision)
    expect(row(page, operation)).to_contain_text("cancelled")
    expect(time).to_have_text("05:00:15")

    page.click("#filters .further > summary")
    page.fill("[name=since]", "2026-03-02T05:00")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"since=2026-03-02T05%3A00&.*zone=Asia%2F"))
    expect(row(page, operation)).to_be_visible()
    expect(page.locator(".chosen").first).to_contain_text("2 March 2026, 05:00:00 UTC+05:30")
    page.fill("[name=until]", "2026-03-02T05:00")
    page.keyboard.press("Tab")
    expect(row(page, operation)).to_have_count(0)


def test_exact_times_of_a_first_visit_stay_in_the_zone_they_were_filled_in(open_page, web, two):
    page = open_page(of(web, since="2026-11-01T10:00Z"), timezone_id="Asia/Kolkata")
    expect(page.locator("#filter-zone")).to_contain_text("Asia/")
    expect(page.locator("[name=since][type=datetime-local]")).to_have_value("2026-11-01T15:30")
    page.context.clear_cookies(name="zone")
    page.goto(of(web, since="2026-11-01T10:00Z"))
    expect(page.locator("#filter-zone")).to_have_text("UTC")
    expect(page.locator("[name=zone]")).to_have_value("UTC")
    expect(page.locator("[name=since][type=datetime-local]")).to_have_value("2026-11-01T10:00")


def test_an_event_leads_to_its_raw_entry_and_that_to_its_own_page(open_page, web):
    operation = make_operation(web, [(5, "live", "done")], status="succeeded")
    seq = HistoryLine.objects.get(operation=operation.pk).seq
    page = open_page(f"/operations/{operation.pk}/")
    expect(page.locator(".raws pre")).to_be_hidden()
    page.click(f".line [href='#entry-{seq}']")
    expect(page.locator(".raws pre")).to_be_visible()
    page.click(f"text=Entry {seq} by itself")
    expect(page.locator("h1")).to_contain_text(f"Entry {seq}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_of_the_history_is_wider_than_its_window(open_page, web, two, scheme, width):
    make_entry("outside", web, effects=[{"side": "config", "appeared": "6-7", "disappeared": ""}])
    seq = HistoryLine.objects.latest("seq").seq
    page = open_page("/", strict=False, color_scheme=scheme, viewport={"width": width, "height": 800})
    for path in (
        of(web, status="failed", q="busy", since="2026-11-01T10:00Z", reason="domain_busy"),
        of(web, q="x" * 100),
        "/operations/?slot=x&since=tomorrow",
        "/operations/?show=everything",
        f"/operations/{two[1].pk}/",
        f"/operations/entries/{seq}/",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_paper_has_no_controls_and_says_what_it_shows(open_page, web, two):
    page = open_page(of(web, status="failed"), timezone_id="Europe/Berlin")
    page.emulate_media(media="print")
    expect(page.locator(".paper")).to_contain_text(f"only: host {web.host.slug}; outcome failed. 1 found.")
    expect(page.locator(".paper")).to_contain_text("times in Europe/Berlin")
    for hidden in ("#filters", ".asked .chosen", ".band", ".foot"):
        expect(page.locator(hidden).first).to_be_hidden()
    full = row(page, two[1]).locator("time").get_attribute("data-full")
    assert full is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\+0[12]:00", full)
