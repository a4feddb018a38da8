"""Which parts of this installation are at work."""

from __future__ import annotations

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from domains.models import Host, HostState
from domains.operations import workers


def database_fault() -> str:
    """Say what keeps the database from being used; empty if nothing does."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "migrations are missing"
    except Error as error:
        return f"does not answer: {error}"
    return ""


def worker_answers() -> bool:
    """Whether a worker takes messages, as far as is known."""
    return bool(workers.served())


def hosts() -> dict[str, str]:
    """Give the state of every enabled host."""
    return dict(Host.objects.filter(enabled=True).values_list("slug", "state"))


def connected(state: str) -> bool:
    """Whether that state lets operations through."""
    return state == HostState.CONNECTED
