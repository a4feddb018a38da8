"""Words by which lines are found: made here, so that both databases find the same.

The databases' own parsers never see a text from outside. They get words of small letters and digits without accents,
joined by ``JOINT`` where something else stood between them, and marks, which begin with it, for whatever else a line
is found by.
"""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator

JOINT = "·"  # no letter or digit, and not ASCII: SQLite's plainest tokenizer takes it for a part of a word
LONGEST = 80  # characters of a word that count; a mark may have as many and the name of what it marks
_PLAIN = frozenset(string.ascii_lowercase + string.digits)
_WORD = re.compile(r"[^\W_]+")


def words_of(texts: Iterable[str]) -> Iterator[str]:
    """Give the words by which texts are found, each with what follows it without a space.

    ``10.0.0.5`` gives ``10·0·0·5``, ``0·0·5``, ``0·5`` and ``5``. As a search looks for beginnings of words, it is
    found by each part, and by all of it in its order.
    """
    for text in texts:
        for run in _runs(text):
            for start in range(len(run)):
                yield JOINT.join(run[start:])[:LONGEST]


def sought(text: str) -> list[str]:
    """Give the beginnings of words that a line must have, all of them, to be found by this text."""
    return list(dict.fromkeys(JOINT.join(run)[:LONGEST] for run in _runs(text)))


def mark(what: str, value: object) -> str:
    """Give the word that stands for an exact value of something; another value has another one."""
    text = str(value)
    plain = "".join(c if c in _PLAIN else f"{JOINT}{ord(c):x}{JOINT}" for c in text)
    if len(plain) > LONGEST:
        plain = JOINT * 2 + hashlib.sha256(text.encode()).hexdigest()
    return f"{JOINT}{what}{JOINT}{plain}"


def _runs(text: str) -> Iterator[list[str]]:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in text if not unicodedata.combining(c))
    for run in text.casefold().split():
        if parts := _WORD.findall(run):
            yield parts
