"""Six real guests are changed at once in Chromium, and one of them refuses."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from domains.vcpu import cpulist
from tests.browser.people import sign_in

GUESTS = ("batch01", "db01", "fleeting01", "quiet01", "stubborn01", "web01")
OVER_MS = 60_000


@pytest.fixture
def page(browser, product):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield sign_in(context, product)
    context.close()


def present(product, guest):
    """Give the slots on the side that *current* means: live, or of a guest that is shut off its configuration."""
    shown = product.vcpu("show", "lab", guest)[1]
    return cpulist.load((shown["live"] or shown["config"])["present"])


def ask(page, product, action):
    """Open the plan for one vCPU of each of the six."""
    known = {row["name"]: row["id"] for row in product.query("SELECT id, name FROM domains_domain")}
    chosen = "&".join(f"domain={known[name]}" for name in GUESTS)
    page.goto(f"{product.url}/batches/new/?{chosen}")
    page.select_option("#ask [name=action]", action)
    page.locator("#ask label", has_text="Current").click()


def run(page):
    """Run what is shown, and give the outcomes by guest when it is over, without the page having been loaded again."""
    page.get_by_role("button", name=re.compile("^Run")).click()
    page.wait_for_url("**/batches/*/")
    page.evaluate("window.kept = true")
    over = page.locator("#batch-summary:is([data-status=finished], [data-status=stopped])")
    expect(over).to_be_visible(timeout=OVER_MS)
    rows = page.locator(".items tbody tr")
    told = {rows.nth(at).locator("th").inner_text(): rows.nth(at).inner_text() for at in range(rows.count())}
    assert page.evaluate("window.kept")
    return told


def test_plan_outcome_and_retry_of_six_guests_of_which_one_refuses(page, product):
    before = {name: present(product, name) for name in GUESTS}
    ask(page, product, "add")
    expect(page.locator(".totals")).to_contain_text("6 will change")
    shown = page.locator(".plan tbody tr").all_inner_texts()
    told = run(page)
    assert all("succeeded" in words for words in told.values()), told
    added = {name: present(product, name) - before[name] for name in GUESTS}
    for row in shown:
        name = row.split()[0]
        assert f"adds vCPU {cpulist.dump(added[name])}, " in row

    ask(page, product, "remove")
    expect(page.locator("#run button")).to_contain_text("remove the highest removable vCPU of 6 guests")
    told = run(page)
    refused = told.pop("stubborn01")
    assert "failed" in refused
    assert "guest_refused" in refused
    assert all("succeeded" in words for words in told.values()), told
    for name in told:  # another test may have left a higher slot than the one that was just added
        held = before[name] | added[name]
        assert present(product, name) == held - {max(held)}, name
    assert added["stubborn01"] <= present(product, "stubborn01")

    page.get_by_role("link", name="Retry what was not achieved").click()
    expect(page.locator(".totals")).to_contain_text("1 will change")
    told = run(page)
    assert list(told) == ["stubborn01"]
    number = page.url.rstrip("/").rpartition("/")[2]
    page.goto(f"{product.url}/operations/?batch={number}")
    expect(
        page.get_by_role("row").filter(has_text=re.compile(r"remove vCPU\s+\d+\s+of\s+stubborn01"))
    ).to_have_count(1)
