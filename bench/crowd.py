"""A fleet of any size, written straight into the tables: hosts, guests, what was asked of some, and two people."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Max, OuterRef, Subquery

from domains.models import Domain, Effect, Grant, Host, Operation

HOSTS = 40
_BATCH = 2000
_STATES = ("running",) * 17 + ("shut off",) * 2 + ("paused",)
_ALIKE = {"max": 16, "present": "0-3,5", "removable": "5"}
_UNLIKE = {"max": 16, "present": "0-3", "removable": ""}
_LARGE = {"max": 4096, "present": "0-99,128-2047", "removable": "1-99,128-2047"}
_BOTH = {"live": _ALIKE, "config": _ALIKE}
_NOW = datetime.now(UTC)


def name_of(number: int) -> str:
    """Name a guest; no name stands in another."""
    return f"{('web', 'db', 'app', 'ci')[number % 4]}{number:05}"


def write(domains: str) -> dict[str, list[float]]:
    """Fill an empty, migrated database with so many guests, every fifth of which was once changed."""
    chance = random.Random(5)  # noqa: S311  # repeatable, not secret
    hosts = [_host(number) for number in range(HOSTS)]
    rows = [_guest(number, chance, hosts) for number in range(int(domains))]
    Domain.objects.bulk_create(rows, batch_size=_BATCH)
    operations = list(_operations(rows, chance))
    Operation.objects.bulk_create(operations, batch_size=_BATCH)
    Effect.objects.bulk_create(_effects(operations), batch_size=_BATCH)
    newest = (
        Operation.objects.filter(domain=OuterRef("pk")).order_by().values("domain").annotate(at=Max("pk"))
    )
    Domain.objects.update(last_operation=Subquery(newest.values("at")))
    _people(hosts)
    with connection.cursor() as cursor:
        # As PostgreSQL's autovacuum does by itself
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return {"domains": [len(rows)]}


def _host(number: int) -> Host:
    state = "connected" if number % 10 else "unreachable"
    seen = _NOW - timedelta(seconds=0 if number % 10 else 240)
    return Host.objects.create(slug=f"host{number:02}", state=state, state_since=seen, last_seen=seen)


def _guest(number: int, chance: random.Random, hosts: list[Host]) -> Domain:
    state = _STATES[number % len(_STATES)]
    slots = _LARGE if number % 1000 == 999 else _ALIKE
    return Domain(
        host=chance.choice(hosts),
        uuid=uuid.UUID(int=chance.getrandbits(128), version=4),
        name=name_of(number),
        state=state,
        live=None if state == "shut off" else slots,
        config=_UNLIKE if number % 50 == 0 else slots,
        topology={"sockets": 1, "dies": 1, "clusters": 1, "cores": 8, "threads": 2},
        machine="pc-q35-7.2",
        run=1,
        synced_at=_NOW,
        revision=number,
    )


def _operations(rows: list[Domain], chance: random.Random) -> Iterator[Operation]:
    for number, domain in enumerate(chance.sample(rows, max(len(rows) // 5, 1))):
        waits = number % 200 == 0
        yield Operation(
            host=domain.host,
            domain=domain,
            host_slug=domain.host.slug,
            domain_name=domain.name,
            domain_uuid=domain.uuid,
            action="remove" if waits else "add",
            vcpu=[5],
            affect="live",
            affect_meant="live",
            actor="mara",
            door="page",
            status="waiting" if waits else "succeeded",
            before=_BOTH,
            after=_BOTH,
            attempt=1,
            created_at=_NOW,
            started_at=_NOW,
            finished_at=None if waits else _NOW,
            revision=1,
        )


def _effects(operations: list[Operation]) -> list[Effect]:
    return [
        Effect(
            operation=one,
            domain=one.domain,
            step=1,
            vcpu=5,
            side="live",
            target="absent" if one.action == "remove" else "present",
            state="waiting" if one.status == "waiting" else "done",
        )
        for one in operations
    ]


def _people(hosts: list[Host]) -> None:
    people = get_user_model().objects
    people.create_user("administrator", is_superuser=True)
    viewer = people.create_user("viewer")
    for pattern, host in (("web*", None), ("db*", None), ("app*", hosts[3]), ("ci?1*", None)):
        Grant.objects.create(user=viewer, role="viewer", pattern=pattern, host=host)
