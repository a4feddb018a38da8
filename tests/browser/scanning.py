"""Looking at pages as axe-core, the content policy and a ruler do. Fixtures of the modules that scan pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser.conftest import Site
from tests.browser.people import enter
from tests.integration.web.factory import PASSWORD

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
# What another theme or width can change: colours, sizes, and what has to be scrolled
LOOKS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]},
}
# Each theme and each width is looked at with everything, and the other two pairs for what can differ in them
ONCE = (("light", WIDE, EVERYTHING), ("dark", NARROW, EVERYTHING))
TWICE = (*ONCE, ("light", NARROW, LOOKS), ("dark", WIDE, LOOKS))
WATCH = """
window.breaches = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.breaches.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""

Look = Callable[..., Page]


@pytest.fixture(scope="module")
def signed_in(site: Site, browser: Browser) -> Iterator[Callable[[str], BrowserContext]]:
    """Give the browser of a person who has signed in, once for the module; without a name nobody has."""
    contexts: dict[str, BrowserContext] = {}

    def give(name: str) -> BrowserContext:
        if name not in contexts:
            context = contexts[name] = browser.new_context(base_url=site.url, reduced_motion="reduce")
            context.add_init_script(WATCH)
            if name:
                enter(context, site.url, name, PASSWORD).close()
        return contexts[name]

    yield give
    for context in contexts.values():
        context.close()


@pytest.fixture
def look(signed_in: Callable[[str], BrowserContext]) -> Iterator[Look]:
    """Open a page as somebody. An error that it logs fails the test, unless it is about an answer that is expected."""
    pages: list[Page] = []
    said: list[str] = []

    def open_one(path: str, *, user: str = "ada", refused: int | None = None) -> Page:
        def hear(line: str) -> None:
            if refused is None or f"status of {refused}" not in line:
                said.append(line)

        page = signed_in(user).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: hear(str(error)))
        page.on("console", lambda line: hear(line.text) if line.type == "error" else None)
        page.goto(path)
        return page

    yield open_one
    for page in pages:
        page.close()
    assert not said, "\n".join(said)


def inspect(page: Page, *, pairs: Sequence[tuple[str, ViewportSize, dict[str, object]]] = ONCE) -> None:
    """Look at a page as it is, in both themes and widths, and fail with all that is wrong with it."""
    page.evaluate(Axe().axe_script)
    found = []
    for scheme, size, options in pairs:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        found += [f"{scheme}, {size['width']}: {problem}" for problem in _problems(page, options)]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            found.append(f"{width} wide in a window of {size['width']}")
    found += page.evaluate("window.breaches")
    assert not found, "\n".join(found)


def _problems(page: Page, options: dict[str, object]) -> Iterator[str]:
    for rule in page.evaluate("(options) => axe.run(document, options)", options)["violations"]:
        for node in rule["nodes"]:
            yield f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
