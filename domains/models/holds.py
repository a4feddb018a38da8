"""Texts that stand somewhere in a column, as the database finds them."""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

_LITERAL = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


class Holds(models.Lookup):
    """``Holds(F("name"), "web")``: the text stands in it, the letters A to Z in either case.

    Django's own ``icontains`` minds every alphabet's letters, which takes PostgreSQL twice as long; and SQLite knows
    no others anyway.
    """

    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[object]]:
        """Compile to ``LIKE``, which there minds no case."""
        left, values = self.process_lhs(compiler, connection)
        return f"{left} LIKE %s ESCAPE '\\'", [*values, self._pattern()]

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[object]]:
        """Compile to ``LIKE`` on the text in small letters."""
        left, values = self.process_lhs(compiler, connection)
        return f'lower({left} COLLATE "C") LIKE %s', [*values, self._pattern()]

    def _pattern(self) -> str:
        small = "".join(letter.lower() if letter.isascii() else letter for letter in self.rhs)
        return f"%{small.translate(_LITERAL)}%"


class HoldsDigits(models.Lookup):
    """``HoldsDigits(F("uuid"), "9c4d4e")``: these digits, in small letters, stand in a UUID without its dashes."""

    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[object]]:
        """Compile to ``LIKE`` on the text that a UUID is there."""
        left, values = self.process_lhs(compiler, connection)
        return f"{left} LIKE %s", [*values, f"%{self.rhs}%"]

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[object]]:
        """Compile to ``LIKE`` on the UUID as a text."""
        left, values = self.process_lhs(compiler, connection)
        return f"replace({left}::text, '-', '') LIKE %s", [*values, f"%{self.rhs}%"]
