"""What a page of the history shows, for tests of its search."""

from __future__ import annotations

import html
import re


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<.*?>", "", text)))


def rows(text: str) -> list[str]:
    return re.findall(r'<tr id="((?:operation|entry)-\d+)"', text)
