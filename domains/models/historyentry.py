"""The append-only ledger's table. Only ``domains.history`` writes it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler


class BodyValue(models.Func):
    """A value inside ``body``, or null: what generated columns are made of on both databases."""

    sqlite_type = "TEXT"
    postgresql_type = "text"

    def __init__(self, *path: str) -> None:
        super().__init__(models.F("body"))
        self.path = path

    def deconstruct(self) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Let migrations write this expression down."""
        return (f"{__name__}.{type(self).__name__}", self.path, {})

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> tuple[str, tuple[str | int, ...]]:
        """Compile to ``json_extract``."""
        return f"""CAST(json_extract("body", '$.{".".join(self.path)}') AS {self.sqlite_type})""", ()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: object
    ) -> tuple[str, tuple[str | int, ...]]:
        """Compile to ``#>>``."""
        return f"""(("body"::jsonb #>> '{{{",".join(self.path)}}}')::{self.postgresql_type})""", ()


class BodyText(BodyValue):
    """A text inside ``body``, or null."""

    output_field = models.TextField()


class BodyNumber(BodyValue):
    """A whole number inside ``body``, or null."""

    sqlite_type = "INTEGER"
    postgresql_type = "bigint"
    output_field = models.BigIntegerField()


def _text(*path: str) -> models.GeneratedField:
    return models.GeneratedField(
        expression=BodyText(*path), output_field=models.TextField(null=True), db_persist=True
    )


def _number(*path: str) -> models.GeneratedField:
    return models.GeneratedField(
        expression=BodyNumber(*path), output_field=models.BigIntegerField(null=True), db_persist=True
    )


class HistoryEntry(models.Model):
    """One fact, written in the same transaction as what it records, and never changed.

    ``body`` is canonical JSON (ASCII, sorted keys, no spaces): the exact bytes that are hashed. Everything
    that pages filter by is generated from it by the database, so nothing shown lies outside the hash.
    ``hash = sha256(previous_hash + str(seq) + sha256(body))``, all as lower-case hexadecimal text.
    """

    seq = models.BigIntegerField(primary_key=True)
    body = models.TextField()
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    time = _text("time")
    kind = _text("kind")
    actor = _text("actor")
    door = _text("door")
    host = _text("host")
    domain_name = _text("domain", "name")
    domain_uuid = _text("domain", "uuid")
    operation = _number("operation")
    action = _text("action")
    status = _text("status")
    reason = _text("reason")

    class Meta:
        ordering = ["-seq"]
        indexes = [
            models.Index(fields=["operation", "seq"], name="history_of_operation"),
            models.Index(fields=["domain_uuid", "-seq"], name="history_of_domain"),
            models.Index(fields=["kind", "-seq"], name="history_of_kind"),
        ]

    def __str__(self) -> str:
        return f"entry {self.seq}"
