"""Names that fit a shell pattern, as the database finds them and as Python does."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

_ONLY_STAR_AND_MARK = str.maketrans({"[": "[[]"})
_LIKE = str.maketrans({"*": "%", "?": "_", "%": r"\%", "_": r"\_", "\\": r"\\"})


class Fits(models.Lookup):
    """``Fits(F("name"), "web*")``: the whole name, in the same case; ``*`` and ``?`` alone are special.

    Each database has an operator for that. SQLite's regular expressions would be a call of Python for each row.
    """

    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[object]]:
        """Compile to ``GLOB``."""
        left, values = self.process_lhs(compiler, connection)
        return f"{left} GLOB %s", [*values, self.rhs.translate(_ONLY_STAR_AND_MARK)]

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[object]]:
        """Compile to ``LIKE``, whose backslash takes the meaning from what follows it."""
        left, values = self.process_lhs(compiler, connection)
        return f"{left} LIKE %s", [*values, self.rhs.translate(_LIKE)]


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Give the function that finds out whether a name fits a pattern, by the same rule as :class:`Fits`."""
    return re.compile(translate(pattern.translate(_ONLY_STAR_AND_MARK))).match
