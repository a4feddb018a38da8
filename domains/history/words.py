"""Words as full text search knows them: made here, so that both databases find the same.

The databases' own parsers never see a text from outside. They get words of letters and digits, small and without
accents, that are joined by ``JOINT`` where something else stood between them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

from domains.models import HistoryLine

JOINT = "·"  # no letter or digit, and not ASCII: SQLite's plainest tokenizer takes it for a part of a word
LONGEST = 80
_TABLE = HistoryLine._meta.db_table


def words_of(texts: Iterable[str]) -> Iterator[str]:
    """Give the words by which texts are found, each with what follows it without a space.

    ``10.0.0.5`` gives ``10·0·0·5``, ``0·0·5``, ``0·5`` and ``5``. As a search looks for beginnings of words, it is
    found by each part, and if an address is typed in whole, by all of it in its order.
    """
    for text in texts:
        for run in _runs(text):
            for start in range(len(run)):
                yield JOINT.join(run[start:])[:LONGEST]


def slot_word(vcpu: int) -> str:
    """Give the word for a slot; no text gives the same."""
    return f"{JOINT}{vcpu}"


def sought(text: str) -> list[str]:
    """Give the beginnings of words that a line must have, all of them, to be found by this text."""
    return list(dict.fromkeys(JOINT.join(run)[:LONGEST] for run in _runs(text)))


def _runs(text: str) -> Iterator[list[str]]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    for run in re.split(r"\s+", plain):
        parts = "".join(c if c.isalnum() else " " for c in run).split()
        if parts:
            yield parts


class Has(models.Func):
    """Whether a line's words have all these words and, of the others, beginnings."""

    output_field = models.BooleanField()

    def __init__(self, beginnings: Iterable[str], whole: Iterable[str] = ()) -> None:
        super().__init__()
        self.beginnings = tuple(beginnings)
        self.whole = tuple(whole)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> tuple[str, tuple[str | int, ...]]:
        """Compile to FTS5's MATCH. Quoted, nothing in a word is syntax, and no word holds a quote."""
        terms = [f'"{word}"*' for word in self.beginnings] + [f'"{word}"' for word in self.whole]
        return (
            f'"{_TABLE}"."seq" IN (SELECT rowid FROM domains_historywords WHERE domains_historywords MATCH %s)',  # noqa: S608
            (" AND ".join(terms),),
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> tuple[str, tuple[str | int, ...]]:
        """Compile to ``@@``. Quoted, nothing in a word is syntax, and no word holds a quote."""
        terms = [f"'{word}':*" for word in self.beginnings] + [f"'{word}'" for word in self.whole]
        return f'"{_TABLE}"."terms" @@ %s::tsquery', (" & ".join(terms),)
