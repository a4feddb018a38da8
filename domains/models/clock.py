"""The database's clock: leases are compared with it, so the processes' own clocks need not agree."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """Ask the database for the time, in UTC. One round trip."""
    if connection.vendor == "postgresql":
        query = "SELECT clock_timestamp()"
    else:
        query = "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"
    with connection.cursor() as cursor:
        cursor.execute(query)
        (value,) = cursor.fetchone()
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    assert isinstance(value, datetime)  # noqa: S101  # what psycopg gives for timestamptz
    return value.astimezone(UTC)
