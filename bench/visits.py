"""What a person with Chromium sees of a page: when it paints, what shifts, how soon it answers, what it fetches."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import transaction
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.loading import FRAME
from bench.slots import operator, pages
from domains.models import Domain
from domains.models.revision import next_revision
from domains.push.stream import publish
from domains.vcpu.slots import SlotMap
from tests.chromium import ARGUMENTS, CHROMIUM

ROUNDS = 9
CLICKS = 8
Samples = dict[str, list[float]]

_WATCH = """
window.shifted = 0; window.painted = 0; window.answers = [];
const watch = (type, take, more) => new PerformanceObserver((list) => list.getEntries().forEach(take))
  .observe({ type, buffered: true, ...more });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) window.shifted += entry.value; });
watch("largest-contentful-paint", (entry) => { window.painted = entry.startTime; });
watch("event", (entry) => { if (entry.interactionId) window.answers.push(entry.duration); }, { durationThreshold: 16 });
"""
_LOADED = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const fetched = performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/static/"));
  return {
    served: page.responseStart - page.requestStart, painted: window.painted, shifted: window.shifted,
    fetched: fetched.reduce((sum, entry) => sum + entry.transferSize, 0) / 1024,
  };
}"""


def measure(port: str) -> Samples:
    """Give by page milliseconds until the server has answered and until the largest paint, thousandths of layout
    shift, KB of static files fetched with an empty cache (cold) and with a full one (warm), and milliseconds from a
    click to the next paint.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop of its own in this thread
    client = Client(SERVER_NAME="localhost")
    client.force_login(operator())
    found = {"frame": FRAME, **dict(pages()), "fleet": "/", "history": "/operations/"}
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    url = f"http://127.0.0.1:{port}"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        visitor = _Visitor(chromium, url, session)
        for name, path in found.items():
            visitor.visit(name, path)
        visitor.click("frame", FRAME, "[data-theme-toggle]")
        for name, slot in (("8 slots", "#slot-5"), ("4,096 slots, a socket opened", "#slot-600")):
            visitor.click(name, found[name], f"{slot} input")
        visitor.push(found["8 slots"])
        chromium.close()
    return visitor.samples


class _Visitor:
    """Somebody who is signed in."""

    def __init__(self, chromium: Browser, url: str, session: str) -> None:
        self.samples: Samples = {}
        self._chromium, self._url, self._session = chromium, url, session

    def visit(self, name: str, path: str) -> None:
        """Load a page with an empty cache, then again and again."""
        context = self._context()
        for number in range(ROUNDS + 1):
            page = context.new_page()
            self._open(page, path)
            page.wait_for_timeout(300)  # what comes late may shift, too
            seen = page.evaluate(_LOADED)
            if number:
                for what in ("served", "painted"):
                    self._keep(f"{name}: {what}", seen[what])
            self._keep(f"{name}: shifted", round(seen["shifted"] * 1000, 1))
            self._keep(f"{name}: {'warm' if number else 'cold'}", seen["fetched"])
            page.close()
        context.close()

    def click(self, name: str, path: str, button: str) -> None:
        """Click as people do, and take the time until the next paint."""
        context = self._context()
        page = context.new_page()
        self._open(page, path)
        for _ in range(CLICKS):
            page.locator(button).click(force=True)
            page.wait_for_timeout(200)
        # Chromium tells of no answer that took less than 16 ms.
        self.samples[f"{name}: click"] = page.evaluate("window.answers") or [16.0]
        context.close()

    def push(self, path: str) -> None:
        """Have slots change under the eyes of somebody who does nothing."""
        context = self._context()
        page = context.new_page()
        self._open(page, path)
        page.wait_for_selector("#link[data-link=live]")
        domain = Domain.objects.get(name="slots8")
        for present in (6, 7, 6):
            slots = SlotMap(8, frozenset(range(present)), frozenset(range(1, present))).to_json()
            with transaction.atomic():
                revision = next_revision()
                Domain.objects.filter(pk=domain.pk).update(live=slots, config=slots, revision=revision)
                publish(f"domain:{domain.pk}", revision)
            page.wait_for_selector(f"#slot-{present - 1}[data-live='1']")
            page.wait_for_selector(f"#slot-{present}[data-live='0']")
            page.evaluate("window.counted = window.counted ?? (window.shifted = 0)")
        self._keep("push: shifted", round(page.evaluate("window.shifted") * 1000, 1))
        context.close()

    def _context(self) -> BrowserContext:
        context = self._chromium.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": self._session, "url": self._url}]
        )
        context.add_init_script(_WATCH)
        return context

    def _open(self, page: Page, path: str) -> None:
        answer = page.goto(f"{self._url}{path}", wait_until="load")
        if answer is None or answer.status != 200:
            raise RuntimeError(f"{path} was not shown")

    def _keep(self, name: str, value: float) -> None:
        self.samples.setdefault(name, []).append(float(value))
