"""The whole way of a small change with JavaScript switched off."""

from __future__ import annotations

import os

import pytest
from django.db import transaction
from playwright.sync_api import expect

from domains.models import Operation
from domains.models.revision import next_revision
from tests.integration.web.factory import PASSWORD, make_domain, make_host, slot_map

pytestmark = pytest.mark.timeout(120)


def test_guest_is_found_changed_and_looked_up_without_script(site, new_context):
    name = f"shop-{os.urandom(3).hex()}"
    domain = make_domain(make_host(f"rack-{name}"), name)
    page = new_context(base_url=site.url, java_script_enabled=False).new_page()
    page.goto("/")
    page.fill("[name=login]", "mara")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator("[data-theme-toggle]")).to_be_hidden()

    page.fill("[name=q]", name)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name, exact=True).click()
    page.check("#slot-2 input", force=True)
    page.click("#add")
    expect(page.locator("#change-outcome")).to_contain_text(f"asked to add vCPU 2 to {name}, live")
    expect(page.locator("#slot-2")).to_have_attribute("data-st", "queued")

    operation = _done(domain)
    page.reload()
    expect(page.locator("#change-outcome")).to_contain_text(f"added vCPU 2 to {name}, live")
    expect(page.locator("#slot-2")).to_have_attribute("data-live", "1")
    page.get_by_role("link", name="Operations", exact=True).first.click()
    page.fill("[name=domain]", name)
    page.get_by_role("button", name="Apply").click()
    line = page.locator(f"#operation-{operation.pk}")
    expect(line).to_contain_text(f"mara added vCPU 2 to {name}, live")
    line.get_by_role("link").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"mara added vCPU 2 to {name}")
    expect(page.get_by_role("navigation", name="Path").locator("[aria-current=page]")).to_have_text(
        str(operation.pk)
    )


def _done(domain):
    """End the guest's operation as a worker does."""
    operation = Operation.objects.get(domain=domain)
    with transaction.atomic():
        revision, now = next_revision(), operation.created_at
        operation.effects.update(state="done", settled_at=now)
        Operation.objects.filter(pk=operation.pk).update(
            status="succeeded", started_at=now, finished_at=now, revision=revision
        )
        live = slot_map(8, "0-2,4-5", "2,4-5")
        type(domain).objects.filter(pk=domain.pk).update(live=live, revision=revision)
    return operation
