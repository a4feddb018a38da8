"""Which parts of this installation are at work."""

from __future__ import annotations

from celery import current_app
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from domains.models import Host, HostState, Lease
from domains.models.clock import now

ANSWER = 0.5  # seconds


def database_fault() -> str:
    """Say what keeps the database from being used; empty if nothing does."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "migrations are missing"
    except Error as error:
        return f"does not answer: {error}"
    return ""


def redis_answers() -> bool:
    """Whether Redis answers."""
    retry = Retry(NoBackoff(), 0)
    options = {"socket_connect_timeout": ANSWER, "socket_timeout": ANSWER, "retry": retry}
    try:
        with Redis.from_url(settings.REDIS_URL, **options) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def worker_answers() -> bool:
    """Whether a worker takes messages. Waits half a second for one."""
    try:
        # On a connection of its own: one from the pool would hold that while it waits for a second one there,
        # and ten people who ask at once would keep each other, and every doorbell, waiting for ever.
        with current_app.connection_for_write() as connection:
            return bool(current_app.control.ping(timeout=ANSWER, limit=1, connection=connection))
    except (OperationalError, RedisError, OSError):
        return False


def watcher_works() -> bool:
    """Whether a watcher holds a lease."""
    return Lease.objects.filter(expires_at__gt=now()).exclude(holder="").exists()


def hosts() -> dict[str, str]:
    """Give the state of every enabled host."""
    return dict(Host.objects.filter(enabled=True).values_list("slug", "state"))


def connected(state: str) -> bool:
    """Whether that state lets operations through."""
    return state == HostState.CONNECTED
