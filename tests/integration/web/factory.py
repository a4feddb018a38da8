"""Rows as the watcher and the write path would leave them, for tests that only look at pages."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction

from domains.history import facts, ledger
from domains.models import FINAL, Domain, Effect, Grant, HistoryEntry, Host, Operation
from domains.models.revision import next_revision
from domains.vcpu import cpulist
from domains.vcpu.slots import SlotMap
from domains.web.listening import Access, accesses

PASSWORD = "correct horse battery"


def make_user(name: str, role: str | None = None, **grant: Any) -> User:
    user = get_user_model().objects.create_user(name, password=PASSWORD)
    if role:
        Grant.objects.create(user=user, role=role, **grant)
    return user


def access(session: str) -> Access | None:
    """What the holder of one session may see."""
    return accesses([session]).get(session)


def make_host(slug: str = "hv1", *, state: str = "connected", seen: int = 1, **fields: Any) -> Host:
    now = datetime.now(UTC)
    last_seen = now - timedelta(seconds=seen)
    return Host.objects.create(slug=slug, state=state, state_since=last_seen, last_seen=last_seen, **fields)


def slot_map(maximum: int, present: str, removable: str) -> dict[str, Any]:
    return dict(SlotMap(maximum, cpulist.load(present), cpulist.load(removable)).to_json())


def make_domain(host: Host, name: str = "web01", **fields: Any) -> Domain:
    """Eight slots in four cores of two threads, 0 and 1 fixed, 4 and 5 removable, live and config alike."""
    with transaction.atomic():
        values: dict[str, Any] = {
            "uuid": uuid.uuid4(),
            "state": "running",
            "live": slot_map(8, "0-1,4-5", "4-5"),
            "config": slot_map(8, "0-1,4-5", "4-5"),
            "topology": {"sockets": 1, "dies": 1, "clusters": 1, "cores": 4, "threads": 2},
            "run": 1,
            "agent": True,
            "synced_at": datetime.now(UTC),
            "revision": next_revision(),
        }
        return Domain.objects.create(host=host, name=name, **(values | fields))


def make_power(host: Host, present: str = "0-7", removable: str = "4-7") -> Domain:
    """A guest whose unit is a core of four threads, eight of them in one socket; without an agent."""
    slots = slot_map(32, present, removable)
    topology = {"sockets": 1, "dies": 1, "clusters": 1, "cores": 8, "threads": 4}
    return make_domain(host, "power01", unit_size=4, live=slots, config=slots, agent=None, topology=topology)


def make_operation(
    domain: Domain,
    effects: list[tuple[int, str, str]] | None = None,
    *,
    action: str = "add",
    status: str = "queued",
    kinds: tuple[str, ...] = ("requested",),
    **fields: Any,
) -> Operation:
    """Store an operation whose ``effects`` are (vCPU, side, state), with an entry of each kind."""
    now = datetime.now(UTC)
    with transaction.atomic():
        values: dict[str, Any] = {
            "affect": "live",
            "affect_meant": "live",
            "actor": "mara",
            "door": "page",
            "vcpu": list(dict.fromkeys(vcpu for vcpu, _, _ in effects or [])) or "first",
            "before": {"live": domain.live, "config": domain.config},
            "after": {"live": domain.live, "config": domain.config},
            "created_at": now,
            "started_at": None if status == "queued" else now,
            "finished_at": now if status in FINAL else None,
            "revision": next_revision(),
        }
        operation = Operation.objects.create(
            host=domain.host,
            domain=domain,
            host_slug=domain.host.slug,
            domain_name=domain.name,
            domain_uuid=domain.uuid,
            action=action,
            status=status,
            **(values | fields),
        )
        Domain.objects.filter(pk=domain.pk).update(last_operation=operation)
        for step, (vcpu, side, state) in enumerate(effects or [], 1):
            make_effect(operation, step, vcpu, side, state)
        for kind in kinds:
            ledger.append(kind, facts.of_operation(operation, operation.effects.all()))
    return operation


def make_effect(operation: Operation, step: int, vcpu: int, side: str, state: str) -> Effect:
    return Effect.objects.create(
        operation=operation,
        domain=operation.domain,
        step=step,
        vcpu=vcpu,
        side=side,
        target="present" if operation.action == "add" else "absent",
        state=state,
        reason=operation.reason if state == "failed" else "",
        settled_at=datetime.now(UTC) if state in ("done", "failed", "skipped") else None,
    )


def make_entry(kind: str, domain: Domain, **body: Any) -> HistoryEntry:
    with transaction.atomic():
        return ledger.append(
            kind,
            {
                "actor": None,
                "door": "watcher",
                "host": domain.host.slug,
                "domain": {"name": domain.name, "uuid": str(domain.uuid)},
                **body,
            },
        )
