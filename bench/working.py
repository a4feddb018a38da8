"""One worker, as the product starts it, on queued operations: how many a second, and whose processor time they take."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max, Min, QuerySet

import dashboard.celery  # noqa: F401  # the application that the doorbell rings through
from bench import processes
from bench.parts import Samples
from dashboard.parts import worker_answers
from dashboard.supervise import programs, redis_folder
from domains.inventory.store import apply_reading
from domains.models import FINAL, Domain, Host, HostState, Operation, Status
from domains.operations.actor import Actor
from domains.operations.gateways import gateway_to
from domains.operations.request import request_change
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from tests.simulator import SimulatedHost
from tests.waiting import wait_until

HOSTS, DOMAINS = 40, 200
SLOT = 5
BARE = 1000
SECONDS = 60  # after which a process that does not answer never will
SWEEP = 5.0
ACTOR = Actor("os:bench", "command")
Groups = dict[str, list[int]]


def measure() -> Samples:
    """Have every domain given a slot and made to lose it again, live, and then on both sides."""
    domains = _inventory()
    samples: Samples = {"transactions": [_bare()], "host, ms": [_host_alone(domains[:50])]}
    with _running("redis") as redis:
        wait_until((redis_folder() / "redis.sock").exists, what="Redis")
        with _running("worker") as worker:
            wait_until(worker_answers, SECONDS, what="the worker")
            groups = {"worker": [worker], "its pool": processes.children(worker), "redis": [redis]}
            groups |= _database()
            for affect in ("live", "both"):
                for action in ("add", "remove"):
                    _work(domains[:HOSTS], action, affect, groups)  # connections are opened now
                for action in ("add", "remove"):
                    samples |= _work(domains, action, affect, groups)
    return samples


def _inventory() -> list[Domain]:
    """Make hosts that are on the line, with their domains, as the watcher would have found them."""
    for number in range(HOSTS):
        simulated = SimulatedHost(settings.VAR / f"host{number}")
        host = Host.objects.create(
            slug=f"host{number}",
            socket=str(simulated.path),
            state=HostState.CONNECTED,
            state_since=datetime.now(UTC),
            specific=True,
            asynchronous=True,
        )
        with gateway_to(host) as gateway:
            for name in range(DOMAINS // HOSTS):
                uuid = simulated.add_domain(f"guest{name}", present="0-3", removable="2-3", agent=None)
                apply_reading(host.pk, gateway.read_domain(uuid), read_revision=0)
    return list(Domain.objects.select_related("host").order_by("name", "host"))


def _bare() -> float:
    """Give transactions a second that insert a row and change it: less than what any operation needs."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (id integer PRIMARY KEY, told text)")
        began = time.perf_counter()
        for number in range(BARE):
            with transaction.atomic():
                cursor.execute("INSERT INTO bench_bare VALUES (%s, %s)", [number, "asked"])
                cursor.execute("UPDATE bench_bare SET told = %s WHERE id = %s", ["done", number])
        return BARE / (time.perf_counter() - began)


def _host_alone(domains: list[Domain]) -> float:
    """Give the milliseconds of processor time of what one operation asks of its host: two readings and a call."""
    began = time.process_time()
    for domain in domains:
        uuid = str(domain.uuid)
        with gateway_to(domain.host) as gateway:
            for present in (True, False):
                gateway.read_domain(uuid)
                gateway.set_slots(uuid, frozenset({SLOT}), present=present, side=Side.LIVE)
                gateway.read_domain(uuid)
    return (time.process_time() - began) * 1000 / (2 * len(domains))


@contextmanager
def _running(name: str) -> Iterator[int]:
    """Run a process as the product's supervisor would."""
    redis_folder().mkdir(mode=0o700, exist_ok=True)
    (program,) = (one for one in programs(port=0, lab=False) if one.name == name)
    environment = os.environ | dict(program.environment)
    process = subprocess.Popen(program.command, env=environment, stdout=sys.stderr)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(SECONDS)


def _database() -> Groups:
    """Give the processes of a PostgreSQL server on this machine; SQLite has none."""
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    server = processes.parent(backend)
    return {"PostgreSQL": [server]}


def _work(domains: list[Domain], action: str, affect: str, groups: Groups) -> Samples:
    """Ask for one change of each domain while the worker is held, and then let it go."""
    (worker,) = groups["worker"]
    os.kill(worker, signal.SIGSTOP)
    first = Operation.objects.aggregate(last=Max("pk", default=0))["last"] + 1
    for domain in domains:
        asked = {"action": action, "vcpu": SLOT, "affect": affect}
        request_change(actor=ACTOR, host=domain.host.slug, domain_ref=str(domain.uuid), asked=asked)
    mine = Operation.objects.filter(pk__gte=first)
    before = _used(groups)
    os.kill(worker, signal.SIGCONT)
    _wait_for(mine)
    used = {name: ms - before[name] for name, ms in _used(groups).items()}
    if mine.exclude(status=Status.SUCCEEDED).exists():
        raise RuntimeError("An operation came to nothing, so this measures something else.")
    span = mine.aggregate(began=Min("started_at"), ended=Max("finished_at"))
    name = f"{affect}, {action}"
    return {
        f"{name}, /s": [len(domains) / (span["ended"] - span["began"]).total_seconds()],
        **{f"{name}, {who}, ms": [ms / len(domains)] for who, ms in used.items()},
        f"{name}, each": [
            taken.total_seconds() * 1000
            for taken in mine.values_list(F("finished_at") - F("started_at"), flat=True)
        ],
    }


def _wait_for(operations: QuerySet[Operation]) -> None:
    """Wait until all are final, and ring for forgotten ones as the watcher would."""
    swept = time.monotonic()
    while operations.exclude(status__in=FINAL).exists():
        time.sleep(0.2)
        if time.monotonic() - swept > SWEEP:
            sweep()
            swept = time.monotonic()


def _used(groups: Groups) -> dict[str, float]:
    """Give the milliseconds that each group has used; a server's connections are processes that come and go."""
    used = {}
    for name, pids in groups.items():
        served = [child for pid in pids for child in processes.children(pid)] if name == "PostgreSQL" else []
        used[name] = processes.processor_ms([*pids, *served])
    return used
