"""Reading and writing rows by statements that are written once.

Django composes every statement anew, which takes it many times longer than a database needs to carry it out. These are
for the few statements that every operation needs, and give and store what Django would.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def select(model: type[M], **where: object) -> list[M]:
    """Give the rows whose fields have these values, in the model's own order."""
    parameters = [_field(model, name).get_db_prep_value(value, connection) for name, value in where.items()]
    return list(model._default_manager.raw(_select(model, tuple(where)), parameters))


def update(model: type[models.Model], values: Mapping[str, object], **where: object) -> int:
    """Set fields of the rows whose fields have these values; gives how many there are."""
    parameters = [_field(model, name).get_db_prep_save(value, connection) for name, value in values.items()]
    parameters += [_field(model, name).get_db_prep_value(value, connection) for name, value in where.items()]
    with connection.cursor() as cursor:
        cursor.execute(_update(model, tuple(values), tuple(where)), parameters)
        return int(cursor.rowcount)


def save(row: models.Model, *names: str) -> None:
    """Store these fields of a row, as ``row.save(update_fields=names)`` does, which sends signals besides."""
    update(type(row), {name: getattr(row, _field(type(row), name).attname) for name in names}, pk=row.pk)


@cache
def _select(model: type[models.Model], where: tuple[str, ...]) -> str:
    order = ", ".join(_ordered(model, str(name)) for name in model._meta.ordering or ["pk"])
    return f"SELECT * FROM {model._meta.db_table} WHERE {_equal(model, where, ' AND ')} ORDER BY {order}"  # noqa: S608


def _ordered(model: type[models.Model], name: str) -> str:
    return f"{_column(model, name.removeprefix('-'))}{' DESC' if name.startswith('-') else ''}"


@cache
def _update(model: type[models.Model], names: tuple[str, ...], where: tuple[str, ...]) -> str:
    condition = _equal(model, where, " AND ")
    return f"UPDATE {model._meta.db_table} SET {_equal(model, names, ', ')} WHERE {condition}"  # noqa: S608


def _equal(model: type[models.Model], names: tuple[str, ...], joint: str) -> str:
    return joint.join(f"{_column(model, name)} = %s" for name in names)


def _column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(str(_field(model, name).column))


@cache
def _field(model: type[models.Model], name: str) -> models.Field[object, object]:
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, models.Field)  # noqa: S101  # a relation of another table has no column here
    return found
