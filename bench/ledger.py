"""A history such as a large installation would have after years, written straight into the tables, chain and all."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from domains.history import ledger
from domains.history.reindex import fill
from domains.models import Domain, Grant, HistoryLine, HistoryWords, Host

HOSTS, DOMAINS, PEOPLE = 20, 2000, 50
START = datetime(2024, 1, 1, tzinfo=UTC)
_BATCH = 2000
_WORDS = [
    "release",
    "ticket",
    "change",
    "planned",
    "urgent",
    "database",
    "web",
    "cache",
    "night",
    "load",
    "test",
    "move",
    "capacity",
    "customer",
    "month",
    "end",
    "rollback",
    "approved",
    "incident",
    "freeze",
    "maintenance",
    "window",
    "tuning",
    "billing",
    "batch",
    "report",
    "peak",
    "scale",
]
_REASONS = (
    "host_unreachable",
    "guest_refused",
    "vcpu0_fixed",
    "already_present",
    "changed_meanwhile",
    "interrupted",
)
_MAP = {"max": 16, "present": "0-3,5", "removable": "5"}
_MAPS = {"live": _MAP, "config": _MAP}
Body = dict[str, Any]


class Story:
    """What happened, entry by entry. The same seed tells the same story."""

    def __init__(self, seed: int = 4) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
        self.now = START
        self.begun = 0
        self.domains = [
            {
                "name": f"{('web', 'db', 'app', 'ci')[n % 4]}{n:04}",
                "uuid": str(uuid.UUID(int=n + 1, version=4)),
            }
            for n in range(DOMAINS)
        ]

    def entries(self) -> Iterator[Body]:
        """Tell of one thing after another, for ever."""
        while True:
            kind = self.chance.choices(("operation", "outside", "refused", "signed_in"), (80, 10, 4, 6))[0]
            yield from getattr(self, f"_{kind}")()

    def _body(self, kind: str, **told: Any) -> Body:  # noqa: ANN401  # JSON
        self.now += timedelta(seconds=self.chance.expovariate(1 / 60))
        return {"v": 1, "kind": kind, "time": ledger.timestamp(self.now), **told}

    def _about(self) -> Body:
        # Some guests are changed far more often than others, and the last hosts are of old and have gone.
        number = int(self.chance.random() ** 2 * DOMAINS)
        hosts = HOSTS if self.now < START + timedelta(days=90) else HOSTS - 2
        return {"host": f"host{number % hosts:02}", "domain": self.domains[number]}

    def _asked(self) -> Body:
        chance = self.chance
        return {
            **self._about(),
            "actor": f"user{int(chance.random() ** 2 * PEOPLE):02}",
            "door": chance.choices(("page", "api", "command"), (60, 35, 5))[0],
            "address": f"10.0.{chance.randrange(4)}.{chance.randrange(250)}",
            "token": "nightly scaling" if chance.random() < 0.3 else None,
            "action": chance.choices(
                ("add", "remove", "make_removable", "online", "sync"), (45, 40, 5, 5, 5)
            )[0],
            "note": " ".join(chance.sample(_WORDS, 4)) if chance.random() < 0.6 else "",
        }

    def _operation(self) -> Iterator[Body]:
        self.begun += 1
        vcpu, asked = self.chance.randrange(16), self._asked()
        status = self.chance.choices(("succeeded", "failed", "cancelled", "unconfirmed"), (84, 10, 3, 3))[0]
        reason = self.chance.choice(_REASONS) if status == "failed" else None
        message = f"vCPU {vcpu} of {asked['domain']['name']} could not be changed." if reason else ""
        told = {
            **asked, "operation": self.begun, "requested": {"vcpu": vcpu, "affect": "both"}, "affect_meant": "both",
            "before": _MAPS, "after": _MAPS, "late": False, "message": "", "reason": None, "attempt": 1,
        }  # fmt: skip
        last = {"succeeded": "confirmed", "cancelled": "cancelled"}.get(status, status)
        middle = (
            [("started", "running")]
            if last == "cancelled"
            else [("started", "running"), ("confirmed", "running")]
        )
        yield self._body("requested", status="queued", duration=0, effects=_effects(vcpu, "pending"), **told)
        for kind, now in middle:
            yield self._body(kind, status=now, duration=0.1, effects=_effects(vcpu, "applying"), **told)
        told |= {"reason": reason, "message": message}
        yield self._body(last, status=status, duration=0.3, effects=_effects(vcpu, "done"), **told)

    def _outside(self) -> Iterator[Body]:
        changed = {"side": "live", "appeared": str(self.chance.randrange(16)), "disappeared": ""}
        yield self._body("outside", actor=None, door="watcher", effects=[changed], before=_MAPS, after=_MAPS, **self._about())  # fmt: skip

    def _refused(self) -> Iterator[Body]:
        asked = self._asked() | {"requested": {"vcpu": "many", "affect": "live"}}
        yield self._body(
            "refused", status="refused", reason="not_permitted", message="That may not be.", **asked
        )

    def _signed_in(self) -> Iterator[Body]:
        person = f"user{self.chance.randrange(PEOPLE):02}"
        yield self._body("signed_in", actor=person, door="page", host=None, address="10.0.0.5")


def _effects(vcpu: int, state: str) -> list[Body]:
    rest = {"target": "present", "state": state, "late": False, "reason": None, "libvirt": None}
    return [{"vcpu": vcpu, "side": side, **rest} for side in ("live", "config")]


def write(entries: str) -> dict[str, list[float]]:
    """Fill an empty, migrated database with so many entries, their operations, hosts, guests and people."""
    story = Story()
    _people_and_guests(story)
    telling = islice(story.entries(), int(entries))
    seq, head = 0, ledger.GENESIS
    insert = "INSERT INTO domains_historyentry (seq, body, previous_hash, hash) VALUES (%s, %s, %s, %s)"
    while bodies := list(islice(telling, _BATCH)):
        rows = []
        for body in map(ledger.canonical, bodies):
            seq, previous = seq + 1, head
            head = ledger.chain_hash(previous, seq, body)
            rows.append((seq, body, previous, head))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(insert, rows)
    with transaction.atomic():
        fill(HistoryLine, HistoryWords)
    with connection.cursor() as cursor:
        for statement in _operations():
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")  # as its autovacuum does by itself
    return {"operations": [story.begun]}


def _operations() -> tuple[str, str]:
    """Give the statements that make the rows of the operations, each with two effects, from their lines."""
    sqlite = connection.vendor == "sqlite"
    uuid_of = "replace(domain_uuid, '-', '')" if sqlite else "domain_uuid::uuid"
    moment = "replace(replace(time, 'T', ' '), 'Z', '')" if sqlite else "time::timestamptz"
    maps = json.dumps(_MAPS)
    operation = {
        "id": "operation", "host_slug": "host", "domain_name": "domain_name", "domain_uuid": uuid_of,
        "action": "action", "vcpu": "'[5]'", "affect": "'both'", "affect_meant": "'both'", "on_failure": "'stop'",
        "queue_if_unreachable": "false", "ask_anyway": "false", "actor": "actor", "door": "door", "note": "''",
        "idempotency_key": "''", "address": "'10.0.0.5'", "token": "''", "status": "status", "late": "false",
        "reason": "coalesce(reason, '')", "message": "''", "before": f"'{maps}'", "after": f"'{maps}'",
        "attempt": "1", "asking": "false", "worker": "''", "created_at": moment, "started_at": moment,
        "finished_at": f"CASE WHEN status IN ('succeeded', 'failed', 'cancelled') THEN {moment} END",
        "revision": "1",
    }  # fmt: skip
    effect = {
        "operation_id": "id", "step": "step", "vcpu": "5", "side": "side", "target": "'present'",
        "state": "'done'", "late": "false", "reason": "''", "libvirt_text": "''",
    }  # fmt: skip
    names = ", ".join(f'"{name}"' for name in operation)
    ended = "status IN ('succeeded', 'failed', 'cancelled', 'unconfirmed')"
    sides = "(SELECT 1 AS step, 'live' AS side UNION ALL SELECT 2, 'config') AS sides"
    return (
        f"INSERT INTO domains_operation ({names}) SELECT {', '.join(operation.values())} "  # noqa: S608  # our own words
        f"FROM domains_historyline WHERE operation IS NOT NULL AND {ended}",
        f"INSERT INTO domains_effect ({', '.join(effect)}) SELECT {', '.join(effect.values())} "  # noqa: S608
        f"FROM domains_operation CROSS JOIN {sides}",
    )


def _people_and_guests(story: Story) -> None:
    people = get_user_model().objects
    auditor, viewer, newcomer = (people.create_user(name) for name in ("auditor", "viewer", "newcomer"))
    Grant.objects.create(user=auditor, role="auditor")
    Grant.objects.create(user=viewer, role="viewer", pattern="web*")
    Grant.objects.create(user=newcomer, role="viewer", pattern="new01")
    now = datetime.now(UTC)
    hosts = [
        Host.objects.create(slug=f"host{n:02}", state="connected", state_since=now) for n in range(HOSTS)
    ]
    kept = {"state": "running", "live": _MAP, "config": _MAP, "run": 1, "synced_at": now}
    rows = [
        Domain(host=hosts[n % (HOSTS - 2)], uuid=domain["uuid"], name=domain["name"], revision=n, **kept)
        for n, domain in enumerate(story.domains)
    ]
    rows.append(Domain(host=hosts[0], uuid=uuid.uuid4(), name="new01", revision=0, **kept))
    Domain.objects.bulk_create(rows)
