"""Queries that Django composes once: for what every operation asks that takes more than one table's rows.

To compose one takes Django many times longer than a database needs to answer it; see also ``statements``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler


class Parameter(Expression):
    """Stands in a query for a value that each call of :class:`Composed` gives."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        """Name the value; ``field`` is of the kind that it is compared with."""
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, list[Parameter]]:  # type: ignore[override]
        """Compile to a place for the value."""
        return "%s", [self]


class Composed:
    """A query of plain values, numbers or texts, with a :class:`Parameter` wherever its calls differ."""

    def __init__(self, query: Callable[[], models.QuerySet[Any, Any]]) -> None:
        """Note how the query is made; that is done when it is first asked, since by then all models are known."""
        self._query = query
        self._composed: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def __call__(self, *, limit: int | None = None, **values: object) -> list[tuple[Any, ...]]:
        """Give the rows, at most so many, that these values for the parameters find."""
        if connection.vendor not in self._composed:
            self._composed[connection.vendor] = (
                self._query().query.get_compiler(connection=connection).as_sql()
            )
        sql, places = self._composed[connection.vendor]
        given = [
            place.output_field.get_db_prep_value(values[place.name], connection)
            if isinstance(place, Parameter)
            else place
            for place in places
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql if limit is None else f"{sql} LIMIT {limit}", given)
            return list(cursor.fetchall())
