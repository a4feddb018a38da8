"""The database that tests run on: SQLite files, or with ``--database postgresql`` a private PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from django.db import connection, connections
from django.test.utils import setup_databases, teardown_databases

KINDS = ("sqlite", "postgresql")
# Fixtures that bring a database of the kind that the run is for.
CHOSEN = {"db", "transactional_db", "fresh_database", "module_database"}
# Fixtures whose tests run on PostgreSQL in every run.
POSTGRESQL_ANYWAY = {"any_database", "postgres_database", "postgres_server"}
LEFT_OUT = {
    "about SQLite": "about what only SQLite is or has",
    "anyway": "on PostgreSQL in every run",
    "without": "without a database, or with a product that keeps its own",
}


class Databases(Protocol):
    """Where migrated databases of one kind come from."""

    def fresh(self) -> AbstractContextManager[object]:
        """Point this process, and those that it starts, at a migrated database of its own."""


@contextmanager
def pointed_at(name: str, url: str) -> Iterator[None]:
    """Point every connection of this process, and of those it starts, at another database of the same kind.

    Threads that outlive a test keep their connection's object, so it is the settings they share that change.
    """
    configured = connections.settings["default"]
    before = configured["NAME"]
    connections.close_all()
    configured["NAME"] = name
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", url)
        environment.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")
        try:
            yield
        finally:
            connections.close_all()
            configured["NAME"] = before


def lose_database() -> None:
    """Take the database away from everybody who uses it, for the rest of the test."""
    name = connections.settings["default"]["NAME"]
    if connection.vendor == "sqlite":
        connection.close()
        Path(name).rename(f"{name}.away")
        Path(name).write_bytes(b"no database" * 1000)
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


class SqliteFiles:
    """Copies of one migrated file."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._made = setup_databases(
            verbosity=0, interactive=False, aliases={"default"}, serialized_aliases=set()
        )
        self._template = connections.settings["default"]["NAME"]

    @contextmanager
    def fresh(self) -> Iterator[Path]:
        """Point this process, and those that it starts, at a copy of its own: its path."""
        path = self._folders.mktemp("database") / "fresh.sqlite3"
        with closing(sqlite3.connect(self._template)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        with pointed_at(str(path), f"sqlite:///{path}"):
            yield path
        shutil.rmtree(path.parent)

    def end(self) -> None:
        """Remove the file that the others were copied from."""
        teardown_databases(self._made, verbosity=0)


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> dict[str, list[pytest.Item]]:
    """Deselect what a run for PostgreSQL has no use for; gives it by the reason."""
    left_out: dict[str, list[pytest.Item]] = defaultdict(list)
    kept = []
    for item in items:
        reason = _no_use(item)
        (left_out[reason] if reason else kept).append(item)
    config.hook.pytest_deselected(items=[item for some in left_out.values() for item in some])
    items[:] = kept
    return left_out


def _no_use(item: pytest.Item) -> str:
    used = set(getattr(item, "fixturenames", ()))
    if "sqlite_database" in used:
        return "about SQLite"
    if used & POSTGRESQL_ANYWAY:
        return "anyway"
    if used & CHOSEN or item.get_closest_marker("django_db"):
        return ""
    return "without"


def told(left_out: dict[str, list[pytest.Item]]) -> Iterable[str]:
    """Say what was left out; tests about SQLite by their names, since they run nowhere else."""
    for reason, items in sorted(left_out.items()):
        yield f"not on PostgreSQL: {len(items)} tests {LEFT_OUT[reason]}"
        if reason == "about SQLite":
            yield from sorted({f"  {item.nodeid.partition('[')[0]}" for item in items})
