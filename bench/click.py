"""From the click in Chromium to the changed slot, beside the hypervisor's own time for the same call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.report import Row, percentile, row
from domains.hypervisor.gateway import Gateway
from domains.hypervisor.libvirt_gateway import open_gateway
from domains.vcpu.slots import Side
from lab.settings import uri
from tests.browser.people import sign_in
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.product import Product

GUEST = "db01"  # enough slots for many changes in one life of an emulated guest
SLOT = 40
ROUNDS = 30
WARM_UP = 3
P50_OVER_MS, P99_OVER_MS = 60, 200

# Ticks the slot's box and presses the button, and gives the milliseconds until the slot shows what was asked.
_CLICK = """([slot, button, state]) => new Promise((done) => {
  const find = () => document.querySelector(`#slot-${slot}`);
  find().querySelector("input").click();
  const began = performance.now();
  const look = () => {
    const node = find();
    if (node.dataset.live !== state || ["adding", "removing", "queued"].includes(node.dataset.st)) return;
    watcher.disconnect();
    done(performance.now() - began);
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
  document.querySelector(button).click();
})"""


def measure(product: Product) -> tuple[list[Row], dict[str, list[float]]]:
    """Take turns: the bare call, then the same change by a click, so that both see the same machine."""
    samples: dict[str, list[float]] = {
        f"{who} {what}": [] for who in ("own", "click") for what in ("add", "remove")
    }
    gateway = open_gateway(uri(product.folder), readonly=False, monitor=False)
    uuid = product.virsh("domuuid", GUEST).strip()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = sign_in(chromium.new_context(viewport={"width": 1440, "height": 900}), product)
        page.get_by_role("link", name=GUEST).click()
        page.wait_for_selector("#link[data-link=live]")
        for number in range(-WARM_UP, ROUNDS):
            for what, present in (("add", True), ("remove", False)):
                own = _own(gateway, uuid, present)
                _settled(page, SLOT, present)
                _own_back(gateway, uuid, present, page)
                click = _click(page, what, present)
                if number >= 0:
                    samples[f"own {what}"].append(own)
                    samples[f"click {what}"].append(click)
                time.sleep(0.3)
        chromium.close()
    gateway.close()
    return _rows(samples), samples


def _own(gateway: Gateway, uuid: str, present: bool) -> float:
    began = time.perf_counter()
    gateway.set_slots(uuid, frozenset({SLOT}), present=present, side=Side.LIVE)
    return (time.perf_counter() - began) * 1000


def _own_back(gateway: Gateway, uuid: str, present: bool, page: Page) -> None:
    """Undo the bare call, so that the click has the same to do."""
    gateway.set_slots(uuid, frozenset({SLOT}), present=not present, side=Side.LIVE)
    _settled(page, SLOT, not present)


def _settled(page: Page, slot: int, present: bool) -> None:
    page.wait_for_selector(f"#slot-{slot}[data-live='{int(present)}']")


def _click(page: Page, what: str, present: bool) -> float:
    run: Callable[..., Any] = page.evaluate
    return float(run(_CLICK, [SLOT, f"#{what}", str(int(present))]))


def _rows(samples: dict[str, list[float]]) -> list[Row]:
    goals = ((0.5, "p50", P50_OVER_MS), (0.99, "p99", P99_OVER_MS))
    return [
        row(
            f"click to {what}, {name}",
            percentile(samples[f"click {what}"], share),
            percentile(samples[f"own {what}"], share),
            most_over=goal,
        )
        for what in ("add", "remove")
        for share, name, goal in goals
    ]
