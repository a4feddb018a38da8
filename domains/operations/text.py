"""Text from outside: whether a database can hold it, and whether anybody can see it."""

from __future__ import annotations

import re
import unicodedata

_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # in Unicode letters and signs; on paper nothing
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether both databases, and JSON inside them, can hold this text: not NUL, nor halves of surrogate pairs."""
    return _UNSTORABLE.search(text) is None


def stored(text: str) -> str:
    """Give the text as it can be written down: what cannot be stored becomes U+FFFD."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def visible(text: str) -> bool:
    """Whether the text holds anything that leaves a mark: a letter, a digit, a sign or a symbol."""
    return any(unicodedata.category(one)[0] in "LNPS" and one not in _BLANK_LETTERS for one in text)
