"""The full-text index of the history's lines, for which each database has its own kind of table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from domains.models.historyline import HistoryLine

if TYPE_CHECKING:
    _TextField = models.TextField[Collection[str], frozenset[str]]
else:
    _TextField = models.TextField  # which takes no types in brackets while it runs


class WordsField(_TextField):
    """A set of words of letters, digits and "·", in SQLite's FTS5 with spaces between them, in PostgreSQL a tsvector."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Name the column's type."""
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: object, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> str:
        """Give what stands for a value in a statement."""
        return "%s::tsvector" if connection.vendor == "postgresql" else "%s"

    def get_prep_value(self, value: Collection[str]) -> str:
        """Write words down. Between quotes none of their characters means anything."""
        return " ".join(sorted(value))

    def get_db_prep_value(
        self, value: Collection[str], connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> str:
        """Write words down. Between quotes none of their characters means anything."""
        written = value if isinstance(value, str) else self.get_prep_value(value)
        if connection.vendor != "postgresql":
            return written
        return " ".join(f"'{word}'" for word in written.split())

    def from_db_value(
        self, value: str | None, expression: Expression | None, connection: BaseDatabaseWrapper
    ) -> frozenset[str]:
        """Read words; PostgreSQL gives them in quotes. A line without a row of words has none."""
        return frozenset(word.strip("'") for word in (value or "").split())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a line's words have to have: all of ``whole``, and a word that begins with each of ``beginnings``."""

    whole: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()


@WordsField.register_lookup
class Have(models.Lookup):
    """``words__have=Wanted(...)``. Between quotes nothing in a word is syntax, and no word holds a quote."""

    lookup_name = "have"
    prepare_rhs = False

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[str]]:
        """Compile to FTS5's MATCH, which asks for the table by its name in place of a column."""
        terms = [f'"{word}"' for word in self.rhs.whole] + [f'"{word}"*' for word in self.rhs.beginnings]
        alias, table = compiler.quote_name_unless_alias(self.lhs.alias), HistoryWords._meta.db_table
        return f'{alias}."{table}" MATCH %s', [" AND ".join(terms)]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[str]]:
        """Compile to ``@@``."""
        terms = [f"'{word}'" for word in self.rhs.whole] + [f"'{word}':*" for word in self.rhs.beginnings]
        column, _ = self.process_lhs(compiler, connection)
        return f"{column} @@ %s::tsquery", [" & ".join(terms)]


class HistoryWords(models.Model):
    """The words of one line, as ``domains.history.words`` makes them; its table is made by a migration."""

    line = models.OneToOneField(
        HistoryLine, models.DO_NOTHING, primary_key=True, db_column="rowid", related_name="index"
    )
    words = WordsField()

    class Meta:
        managed = False
        db_table = "domains_historywords"

    def __str__(self) -> str:
        return f"words of line {self.pk}"
