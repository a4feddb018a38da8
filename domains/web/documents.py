"""Turns the Markdown of docs/ into HTML, with links and pictures that lead where the product serves them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS: Path = settings.BASE_DIR / "docs"
IMAGES = DOCS / "images"
INDEX = "README"
_LINK = re.compile(r"(?:([\w-]+)\.md)?(#[\w-]+)?")
_CODE = re.compile(r"`(\w+)`")


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its title, and the HTML of all of it."""

    title: str
    html: SafeString


@cache
def titles() -> Mapping[str, str]:
    """Give the first heading of every document by its name, the index first, then as the index lists them."""
    found = {path.stem: path.read_text().splitlines()[0].removeprefix("# ") for path in DOCS.glob("*.md")}
    listed = re.findall(r"\]\(([\w-]+)\.md", (DOCS / f"{INDEX}.md").read_text())
    return {name: found[name] for name in dict.fromkeys([INDEX, *listed, *sorted(found)])}


@cache
def document(name: str) -> Document:
    """Render a document of that name, which is one of :func:`titles`."""
    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse((DOCS / f"{name}.md").read_text())
    _name_headings(tokens)
    _name_rows(tokens)
    for token in tokens:
        token.attrs.pop("style", None)  # the pages allow no inline style
        for child in token.children or ():
            _lead(child)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Document(titles()[name], mark_safe(html))  # noqa: S308  # our own files


def _name_headings(tokens: Sequence[Token]) -> None:
    """Give headings the ids that a forge gives them, which links in the documents count on."""
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"[^\w\- ]", "", inside.content.lower()).replace(" ", "-"))


def _name_rows(tokens: Sequence[Token]) -> None:
    """Give the first row whose first cell is one code word that word as its id, so that reasons can be led to."""
    named = set()
    for row, cell, inside in zip(tokens, tokens[1:], tokens[2:], strict=False):
        code = _CODE.fullmatch(inside.content)
        if row.type == "tr_open" and cell.type == "td_open" and code and code[1] not in named:
            named.add(code[1])
            row.attrSet("id", code[1])


def _lead(token: Token) -> None:
    """Have a link or a picture lead where the product serves it. What it does not serve is named, not linked to."""
    if token.type == "image":
        token.attrSet("src", reverse("help_picture", args=[Path(str(token.attrs["src"])).name]))
    elif token.type == "link_open":
        target = str(token.attrs["href"])
        known = _LINK.fullmatch(target)
        if known and (known[1] is None or known[1] in titles()):
            page = reverse("help_page", args=[known[1]]) if known[1] else ""
            token.attrSet("href", page + (known[2] or ""))
        elif not target.startswith("https://"):
            del token.attrs["href"]
