"""How well every state of a slot stands out, from the colours that Chromium resolved: text 4.5, shapes 3."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.scanning import look, signed_in
from tests.browser.world import make_world

__all__ = ["look", "signed_in"]
pytestmark = pytest.mark.timeout(180)
TEXT, SHAPE = 4.5, 3.0
# By state: its slot, and which of its parts have to stand out. The number and the word are text; the edge of the
# card, the sign in its corner and the strip of the configuration are shapes. Of a side that is absent the dashed edge
# is what shows that it is.
STATES = {
    "fixed": (0, "number edge sign strip"),
    "present": (2, "number edge strip"),
    "unconfirmed": (3, "number word edge sign strip"),
    "waiting": (5, "number word edge sign strip"),
    "failed": (6, "number word edge sign strip"),
    "offline in the guest": (8, "number word edge sign strip"),
    "live only": (9, "number word edge sign strip"),
    "absent": (10, "number edge strip"),
    "config only": (11, "number word edge sign strip"),
    "being added": (12, "number word edge sign strip"),
    "queued": (13, "number word edge sign strip"),
    "being removed": (14, "number word edge sign strip"),
}
# Draws colours on a canvas to learn what they are, one over the other as the page does, and gives by part its contrast
# to what lies behind. Of several colours behind it, such as those of a pattern, the worst counts.
MEASURE = """(id) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (ground, colour) => {
    canvas.fillStyle = `rgb(${ground.join(" ")})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const grounds = (style, below) => {
    const plain = over(below, style.backgroundColor);
    const pattern = style.backgroundImage.match(/(?:rgba?|oklab|oklch|color)\\([^()]*\\)/g) ?? [];
    return [plain, ...pattern.map((colour) => over(plain, colour))];
  };
  const slot = document.getElementById(`slot-${id}`);
  const behind = (() => {
    let ground = [255, 255, 255];
    const chain = [];
    for (let at = slot.parentElement; at; at = at.parentElement) chain.unshift(at);
    for (const at of chain) ground = over(ground, getComputedStyle(at).backgroundColor);
    return ground;
  })();
  const card = slot.querySelector(".b");
  const cardGrounds = grounds(getComputedStyle(card), behind);
  const level = getComputedStyle(card, "::before");
  if (parseFloat(level.height) > 0) cardGrounds.push(over(cardGrounds[0], level.backgroundColor));
  const worst = (colour, backs) => Math.min(...backs.map((back) => contrast(over(back, colour), back)));
  const text = (node) => {
    const style = getComputedStyle(node);
    const own = style.backgroundColor === "rgba(0, 0, 0, 0)" ? null : over(cardGrounds[0], style.backgroundColor);
    return worst(style.color, own ? [own] : cardGrounds);
  };
  const failed = slot.dataset.st === "failed"; // its wedge lies under the sign alone
  if (failed) cardGrounds.splice(1);
  const found = { number: text(card.querySelector("b")) };
  const [sign, word] = [card.querySelector(".g"), card.querySelector("i")];
  if (word) found.word = text(word);
  else if (card.dataset.used) found.figure = worst(getComputedStyle(card, "::after").color, cardGrounds);
  found.edge = worst(getComputedStyle(card).borderTopColor, [behind]);
  if (sign) {
    const wedge = over(behind, getComputedStyle(card).borderTopColor);
    found.sign = worst(getComputedStyle(sign).color, failed ? [wedge] : cardGrounds);
  }
  const strip = getComputedStyle(slot, "::after");
  const filled = strip.backgroundColor !== "rgba(0, 0, 0, 0)";
  found.strip = worst(filled ? strip.backgroundColor : strip.borderTopColor, [behind]);
  return found;
}"""


# As the page shows a vCPU that is used to the full.
USE = """(id) => {
  const slot = document.getElementById(`slot-${id}`);
  slot.dataset.u = "8";
  slot.querySelector(".b").dataset.used = "100 %";
}"""
IN_USE = (
    "fixed",
    "present",
    "unconfirmed",
    "waiting",
    "failed",
    "offline in the guest",
    "live only",
    "being removed",
)


def on_usage(parts: str) -> str:
    """Name what of a slot stands on its usage: all but its edges, and the figure where no word takes its place."""
    inside = [part for part in parts.split() if part not in ("edge", "strip")]
    return " ".join(inside if "word" in inside else [*inside, "figure"])


@pytest.fixture(scope="module")
def busy(site):
    """The page of the guest that has every state."""
    return make_world().pages["guest busy"]


def faint(page: Page, states: dict[str, tuple[int, str]]) -> list[str]:
    """Say what does not stand out enough."""
    out = []
    for state, (vcpu, parts) in states.items():
        found = page.evaluate(MEASURE, vcpu)
        for part in parts.split():
            least = TEXT if part in ("number", "word", "figure") else SHAPE
            if part not in found or found[part] < least:
                out.append(f"{state}: {part} {found.get(part, 'is missing')}, needs {least}")
    return out


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_of_a_slot_stands_out(look, busy, scheme):
    page = look(busy)
    page.emulate_media(color_scheme=scheme)
    assert faint(page, STATES) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_stands_out_on_a_vcpu_that_is_used_to_the_full(look, busy, scheme):
    page = look(busy)
    page.emulate_media(color_scheme=scheme)
    used = {state: STATES[state] for state in IN_USE}
    for vcpu, _ in used.values():
        page.evaluate(USE, vcpu)
    assert faint(page, {state: (vcpu, on_usage(parts)) for state, (vcpu, parts) in used.items()}) == []


def test_paper_is_white_whatever_the_theme(look, busy):
    page = look("/operations/?status=failed")
    page.emulate_media(color_scheme="dark")
    page.click("[data-theme-toggle]")
    page.click("[data-theme-toggle]")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.emulate_media(media="print", color_scheme="dark")
    ink = "(name) => getComputedStyle(document.querySelector(name)).color"
    light = page.evaluate("() => getComputedStyle(document.documentElement).colorScheme")
    assert light == "light"
    assert page.evaluate(ink, "h1") == page.evaluate(ink, ".paper")
    for words in ("only: outcome failed", "Last verified", "hash abab"):
        assert words in page.locator(".paper").first.inner_text()
