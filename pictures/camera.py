"""Takes each page in light, in dark and narrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from pictures.pages import Picture
from pictures.people import People


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at: a theme, and a window of so many pixels, which grows with the page up to ``most``."""

    name: str
    scheme: Literal["light", "dark"]
    width: int
    least: int
    most: int


LOOKS = (
    Look("light", "light", 1280, 640, 1200),
    Look("dark", "dark", 1280, 640, 1200),
    Look("narrow", "light", 390, 844, 1200),
)

PATIENCE_MS = 120_000  # on a machine that has other things to do
LIVE_MS, RELOADS = 20_000, 6


def take(
    people: People, url: str, places: Mapping[str, str], pictures: Iterable[Picture], folder: Path
) -> list[Path]:
    """Photograph every page in every look, and give the files."""
    files = []
    for picture in pictures:
        for look in LOOKS:
            with people.context(
                picture.person,
                viewport={"width": look.width, "height": look.least},
                color_scheme=look.scheme,
                reduced_motion="reduce",
                timezone_id="UTC",
            ) as context:
                context.set_default_timeout(PATIENCE_MS)
                page = context.new_page()
                page.goto(url + picture.path.format(**places))
                files.append(_shoot(page, picture, look, folder))
    return files


def _shoot(page: Page, picture: Picture, look: Look, folder: Path) -> Path:
    _be_live(page)
    _be_measured(page)
    for slot in picture.ticked:
        page.locator(f"input[name=vcpu][value='{slot}']").evaluate("box => box.click()")
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": look.width, "height": min(max(height, look.least), look.most)})
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
    page.wait_for_timeout(300)  # transitions, and what a script does a moment after loading
    file = folder / f"{picture.name}-{look.name}.png"
    page.screenshot(path=file)
    return file


def _be_live(page: Page) -> None:
    """Wait until the page's stream is open, without which it says so; load it again where that does not come."""
    for _ in range(RELOADS):
        if not page.locator("#stream").count():
            return
        try:
            page.wait_for_selector("#link[data-link=live]", timeout=LIVE_MS)
        except PlaywrightTimeout:
            page.reload()
        else:
            return
    raise RuntimeError(f"{page.url} has not become live in {RELOADS} attempts.")


def _be_measured(page: Page) -> None:
    """Wait until a guest's page tells how busy its vCPUs are, which takes some seconds; not all guests can be measured."""
    if page.locator("#usage-says:text-is('usage not known')").count():
        with suppress(PlaywrightTimeout):
            page.wait_for_selector("#usage-says:has-text('over the last')", timeout=LIVE_MS)
