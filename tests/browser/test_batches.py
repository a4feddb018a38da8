"""Planning, running and following a batch in Chromium, with the workers' part played by the tests."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from playwright.sync_api import expect

from domains.models import FINAL, Batch, Operation
from domains.models.revision import next_revision
from domains.operations.actor import Actor
from domains.operations.batches.request import Choice, request_batch
from domains.operations.batches.running import advance
from domains.push.stream import publish
from tests.integration.web.factory import make_domain, make_host


@pytest.fixture
def guests(site):
    host = make_host(f"rack-{os.urandom(4).hex()}")
    return [make_domain(host, f"web{number}") for number in range(4)]


def new(guests, **asked):
    words = [f"domain={domain.pk}" for domain in guests] + [f"{key}={value}" for key, value in asked.items()]
    return f"/batches/new/?{'&'.join(words)}"


def end(operation, status):
    """End an operation as a worker does."""
    with transaction.atomic():
        revision, now = next_revision(), datetime.now(UTC)
        operation.effects.update(state="done" if status == "succeeded" else "failed", settled_at=now)
        Operation.objects.filter(pk=operation.pk).update(
            status=status,
            reason="" if status == "succeeded" else "domain_busy",
            message="" if status == "succeeded" else "The hypervisor is busy.",
            finished_at=now if status in FINAL else None,
            started_at=now,
            revision=revision,
        )
        publish(f"operation:{operation.pk}", revision)
    advance(operation.batch_id)


def test_no_plan_is_left_standing_beside_a_number_that_makes_no_sense(open_page, guests):
    page = open_page(new(guests), strict=False)  # Chromium logs that the plan was refused
    page.fill("#ask [name=count]", "0")
    expect(page.locator("#plan")).to_contain_text("whole number from 1 to 4095, not “0”")
    expect(page.locator(".totals")).to_have_text("There is no plan.")
    expect(page.locator("#run button")).to_have_count(0)
    page.fill("#ask [name=vcpu]", "2")  # which counts before the number
    expect(page.locator(".totals")).to_contain_text("4 will change")


def test_plan_follows_the_form_and_the_page_follows_the_batch(open_page, guests):
    page = open_page(new(guests))
    expect(page.locator(".totals")).to_contain_text("4 will change")
    page.fill(".run [name=note]", "release 42")
    page.fill(".run [name=parallel]", "2")
    page.fill("#ask [name=count]", "2")
    expect(page.locator(".plan").first).to_contain_text("adds vCPU 2-3, live and config")
    page.fill("#ask [name=vcpu]", "99")
    expect(page.locator(".totals")).to_contain_text("4 cannot")
    expect(page.locator("#run button")).to_be_disabled()
    page.fill("#ask [name=vcpu]", "")
    expect(page.locator(".totals")).to_contain_text("4 will change")
    expect(page.locator(".run [name=note]")).to_have_value("release 42")
    page.get_by_role("button", name="Run: add 2 vCPUs to 4 guests").click()
    expect(page.locator("h1")).to_contain_text("mara asked to add 2 vCPUs to 4 guests")
    expect(page.locator("#link")).to_have_attribute("data-link", "live")
    page.evaluate("window.kept = document.querySelector('.items tbody tr:last-child')")
    batch = Batch.objects.first()
    assert (batch.note, batch.parallel) == ("release 42", 2)

    end(Operation.objects.filter(batch=batch).earliest("pk"), "succeeded")

    rows = page.locator(".items tbody tr")
    expect(rows.nth(0)).to_contain_text("succeeded")
    expect(rows.nth(2)).to_contain_text("queued")
    expect(page.locator("#batch-summary")).to_contain_text("1 of 4")
    expect(page.locator("progress")).to_have_js_property("value", 1)
    assert page.evaluate("window.kept === document.querySelector('.items tbody tr:last-child')")
    expect(page.locator(".tabs a")).to_have_text(
        ["All 4", "Not achieved 0", "Open 3", "Succeeded 1", "Not changed 0"]
    )
    page.get_by_role("button", name="Cancel what has not started").click()
    expect(page.locator("#batch-summary")).to_contain_text("mara cancelled what had not started")
    expect(rows.nth(3)).to_contain_text("not started")
    expect(page.locator(".tabs")).to_contain_text("Not achieved 3 Open 0")
    expect(page.get_by_role("link", name="Retry what was not achieved")).to_be_visible()


def test_list_follows_the_batches(open_page, guests):
    page = open_page(new(guests[:1]), timezone_id="UTC")
    page.get_by_role("button", name="Run: add 1 vCPU to 1 guest").click()
    expect(page.locator(".facts time")).to_have_text(re.compile(r", \d\d:\d\d:\d\d UTC$"))
    page.goto("/batches/")
    expect(page.locator("#link")).to_have_attribute("data-link", "live")
    first = Batch.objects.first()
    row = page.locator(f"#batch-{first.pk}")
    expect(row).to_contain_text("running")
    page.locator(f"#batch-{first.pk} a").focus()

    end(Operation.objects.get(batch=first), "succeeded")
    expect(row).to_contain_text("finished")
    expect(row.locator("a")).to_be_focused()

    actor = Actor("mara", "page", get_user_model().objects.get(username="mara"))
    second = request_batch(actor, Choice(guests[1:], {}), {"action": "add"})
    expect(page.locator(f"#batch-{second.pk}")).to_contain_text("mara asked to add 1 vCPU to 3 guests")


def test_form_that_makes_no_sense_leaves_nothing_to_run(open_page, guests):
    page = open_page(new(guests), strict=False)
    page.fill("#ask [name=vcpu]", "five")
    expect(page.locator("#plan [data-refused]")).to_contain_text("“five” is not a list of vCPU IDs")
    expect(page.locator("#run button")).to_have_count(0)
    page.fill("#ask [name=vcpu]", "6")
    expect(page.get_by_role("button", name="Run: add vCPU 6 to 4 guests")).to_be_enabled()


def test_retry_is_offered_when_the_batch_ends_before_ones_eyes(open_page, guests):
    page = open_page(new(guests[:1], action="remove"))
    page.get_by_role("button", name="Run: remove the highest removable vCPU of 1 guest").click()
    expect(page.locator("#link")).to_have_attribute("data-link", "live")
    batch = Batch.objects.first()

    end(Operation.objects.get(batch=batch), "failed")

    expect(page.locator("#batch-summary")).to_contain_text("finished")
    expect(page.locator(".items tbody tr")).to_contain_text("The hypervisor is busy.")
    page.get_by_role("link", name="Retry what was not achieved").click()
    expect(page.locator(".totals")).to_contain_text("1 will change")


def test_without_javascript_plan_and_run_are_plain_forms(open_page, guests):
    page = open_page(new(guests), java_script_enabled=False)
    page.fill("#ask [name=vcpu]", "7")
    page.get_by_role("button", name="Show the plan").click()
    expect(page.locator(".plan").first).to_contain_text("adds vCPU 7, live and config")
    page.get_by_role("button", name="Run: add vCPU 7 to 4 guests").click()
    expect(page.locator("h1")).to_contain_text("mara asked to add vCPU 7 to 4 guests")
    expect(page.locator(".items tbody tr")).to_have_count(4)


@pytest.mark.parametrize("path", ["/batches/", "new", "batch"])
def test_pages_fit_a_phone(open_page, guests, path):
    page = open_page(new(guests), viewport={"width": 390, "height": 844})
    if path == "batch":
        page.locator("#run button").click()
        page.wait_for_url("**/batches/*/")
    elif path != "new":
        page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
