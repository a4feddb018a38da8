"""The click from page to guest and back, wherever the product keeps its records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from playwright.sync_api import Locator, Page, expect

from tests.product import Product
from tests.waiting import wait_until

TURN_MS = 60_000


def present(product: Product, vcpu: int) -> dict[str, bool]:
    """Ask the hypervisor itself, on both sides."""
    found = {}
    for side, options in (("live", []), ("config", ["--inactive"])):
        xml = ElementTree.fromstring(product.virsh("dumpxml", "web01", *options))  # noqa: S314  # our own lab's answer
        element = xml.find(f"vcpus/vcpu[@id='{vcpu}']")
        found[side] = element is not None and element.get("enabled") == "yes"
    return found


def online_in_guest(product: Product) -> int:
    """Ask the guest's own kernel, through its agent."""
    return sum(vcpu["online"] for vcpu in ask_guest(product, "guest-get-vcpus"))


def ask_guest(product: Product, command: str, **arguments: object) -> Any:
    """Have web01's agent do something, and give what it answers."""
    asked = {"execute": command, "arguments": arguments} if arguments else {"execute": command}
    return json.loads(product.virsh("qemu-agent-command", "web01", json.dumps(asked)))["return"]


def slot(page: Page, vcpu: int, live: str, config: str) -> Locator:
    return page.locator(f"#slot-{vcpu}[data-live='{live}'][data-config='{config}']:not([data-st])")


def open_web01(page: Page, product: Product) -> Page:
    page.goto(product.url)
    page.get_by_role("link", name="web01").click()
    expect(page.locator("#slot-5")).to_be_visible()
    return page


def press(page: Page, button: Callable[[], None], yes: Callable[[], None] | None = None) -> None:
    """Press what asks for a change, and say ``yes`` where the page asks once more, as before the last one goes."""
    with page.expect_response(lambda answer: answer.url.endswith("/vcpus/")) as answered:
        button()
    if "hx-retarget" in answered.value.headers:
        expect(page.locator("#sure")).to_be_visible()
        (yes or page.locator("#sure .solid").click)()


def add_and_remove_slot_5(product: Product, actor: Page, *onlookers: Page) -> None:
    """Have a person add vCPU 5 on both sides and remove it, and everybody see it when the guest agrees."""
    before = online_in_guest(product)
    for action, state, gained in (("add", "1", 1), ("remove", "0", 0)):
        actor.check("input[name=vcpu][value='5']")
        actor.locator("label", has=actor.locator("input[name=affect][value=both]")).click()
        press(actor, actor.locator(f"#{action}").click)
        for page in (actor, *onlookers):
            expect(slot(page, 5, state, state)).to_be_visible(timeout=TURN_MS)
        assert present(product, 5) == {"live": state == "1", "config": state == "1"}
        wait_until(
            lambda wanted=before + gained: online_in_guest(product) == wanted, what="the guest to agree"
        )


def find_both_in_the_history(product: Product, page: Page) -> None:
    """Find both changes among the operations, and open the newer one."""
    page.goto(f"{product.url}/operations/")
    for sentence in (r"admin\s+added vCPU\s+5\s+to\s+web01", r"admin\s+removed vCPU\s+5\s+of\s+web01"):
        row = page.get_by_role("row").filter(has_text=re.compile(sentence)).first
        expect(row).to_contain_text("succeeded")
    newest = page.get_by_role("row").filter(has_text=re.compile(r"removed vCPU\s+5")).first
    newest.get_by_role("link", name=re.compile(r"^Operation \d+$")).click()
    expect(page.get_by_text("Before", exact=True).first).to_be_visible()
    expect(page.get_by_text("After", exact=True).first).to_be_visible()
