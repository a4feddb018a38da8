"""Reading and writing rows by statements that are written once.

Django composes every statement anew, which takes it many times longer than a database needs to carry it out. These are
for the few statements that every operation needs, and give and store what Django would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.expressions import Col

M = TypeVar("M", bound=models.Model)
Where = tuple[
    tuple[str, int], ...
]  # names of fields, and how many values each may have; 0 for the one that it has
_Reader = tuple[int, Col, list[Callable[..., Any]]]


def select(model: type[M], **where: object) -> list[M]:
    """Give the rows whose fields have these values, in the model's own order. A tuple has a field have any of them."""
    return _rows(model, _select(model, connection.vendor, _shape(where)), where)


def first(model: type[M], **where: object) -> M | None:
    """Give the row with the lowest key of those that ``select`` gives."""
    found = _rows(model, f"{_select(model, connection.vendor, _shape(where), by_key=True)} LIMIT 1", where)
    return found[0] if found else None


def exists(model: type[models.Model], **where: object) -> bool:
    """Whether ``select`` gives any row."""
    with connection.cursor() as cursor:
        cursor.execute(_exists(model, _shape(where)), _values(model, where))
        return cursor.fetchone() is not None


def update(model: type[models.Model], values: Mapping[str, object], **where: object) -> int:
    """Set fields of the rows that ``select`` gives; returns how many there are."""
    parameters = [_field(model, name).get_db_prep_save(value, connection) for name, value in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(_update(model, tuple(values), _shape(where)), parameters + _values(model, where))
        return int(cursor.rowcount)


def save(row: models.Model, *names: str) -> None:
    """Store these fields of a row, as ``row.save(update_fields=names)`` does, which sends signals besides."""
    update(type(row), {name: getattr(row, _field(type(row), name).attname) for name in names}, pk=row.pk)


def _rows(model: type[M], sql: str, where: Mapping[str, object]) -> list[M]:
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(model, where))
        rows = list(map(list, cursor.fetchall()))
    for position, column, converters in _readers(model, connection.vendor):
        for row in rows:
            for convert in converters:
                row[position] = convert(row[position], column, connection)
    names = [field.attname for field in model._meta.concrete_fields]
    return [model.from_db(connection.alias, names, row) for row in rows]


@cache
def _readers(model: type[models.Model], vendor: str) -> list[_Reader]:
    """Give what has to be made of the values in which columns, by position."""
    readers = []
    for position, field in enumerate(model._meta.concrete_fields):
        column = Col(model._meta.db_table, field)
        converters = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        readers += [(position, column, converters)] if converters else []
    return readers


def _shape(where: Mapping[str, object]) -> Where:
    return tuple((name, len(value) if isinstance(value, tuple) else 0) for name, value in where.items())


def _values(model: type[models.Model], where: Mapping[str, object]) -> list[Any]:
    return [
        _field(model, name).get_db_prep_value(one, connection)
        for name, value in where.items()
        for one in (value if isinstance(value, tuple) else (value,))
    ]


@cache
def _select(model: type[models.Model], vendor: str, where: Where, *, by_key: bool = False) -> str:
    columns = ", ".join(_column(model, field.name) for field in model._meta.concrete_fields)
    names = ["pk"] if by_key else model._meta.ordering or ["pk"]
    order = ", ".join(_ordered(model, str(name)) for name in names)
    return f"SELECT {columns} FROM {model._meta.db_table} WHERE {_matching(model, where)} ORDER BY {order}"  # noqa: S608


@cache
def _exists(model: type[models.Model], where: Where) -> str:
    return f"SELECT 1 FROM {model._meta.db_table} WHERE {_matching(model, where)} LIMIT 1"  # noqa: S608


def _ordered(model: type[models.Model], name: str) -> str:
    return f"{_column(model, name.removeprefix('-'))}{' DESC' if name.startswith('-') else ''}"


@cache
def _update(model: type[models.Model], names: tuple[str, ...], where: Where) -> str:
    changed = ", ".join(f"{_column(model, name)} = %s" for name in names)
    return f"UPDATE {model._meta.db_table} SET {changed} WHERE {_matching(model, where)}"  # noqa: S608


def _matching(model: type[models.Model], where: Where) -> str:
    return " AND ".join(
        f"{_column(model, name)} IN ({', '.join(['%s'] * many)})" if many else f"{_column(model, name)} = %s"
        for name, many in where
    )


def _column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(str(_field(model, name).column))


@cache
def _field(model: type[models.Model], name: str) -> models.Field[object, object]:
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, models.Field)  # noqa: S101  # a relation of another table has no column here
    return found
