"""Text from outside that no database could hold: NUL, and halves of surrogate pairs."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether both databases, and JSON inside them, can hold this text."""
    return _UNSTORABLE.search(text) is None


def stored(text: str) -> str:
    """Give the text as it can be written down: what cannot be stored becomes U+FFFD."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
