"""Which parts of this installation are at work."""

from __future__ import annotations

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from domains.models import Host, HostState, Lease
from domains.models.clock import now
from domains.operations import workers

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
    """Whether a worker takes messages, as far as is known."""
    return bool(workers.served())


def watcher_works() -> bool:
    """Whether a watcher holds a lease."""
    return Lease.objects.filter(expires_at__gt=now()).exclude(holder="").exists()


def hosts() -> dict[str, str]:
    """Give the state of every enabled host."""
    return dict(Host.objects.filter(enabled=True).values_list("slug", "state"))


def unserved_queues() -> list[str]:
    """Give the queues of enabled hosts that no worker serves, as far as is known."""
    queues = Host.objects.filter(enabled=True).values_list("queue", flat=True)
    return sorted(workers.unserved(queues) or ())


def connected(state: str) -> bool:
    """Whether that state lets operations through."""
    return state == HostState.CONNECTED
