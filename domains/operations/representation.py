"""Operations, hosts, domains and tokens in the form of the outside interface."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from domains.history import facts
from domains.history.ledger import timestamp
from domains.models import OPEN, Domain, Effect, Host, Operation, Token
from domains.operations.actor import Actor
from domains.operations.slot_json import slots_json
from domains.vcpu import cpulist
from domains.vcpu.hints import warnings


def operation_json(operation: Operation) -> dict[str, object]:
    """Give an operation as the API and the command print it. One query for its effects."""
    told = facts.of_operation(operation, operation.effects.all())
    keys = "status late reason message action host domain requested affect_meant actor door note effects before after"
    return {
        "id": operation.pk,
        **{key: told[key] for key in keys.split()},
        "created": timestamp(operation.created_at),
        "started": _time(operation.started_at),
        "finished": _time(operation.finished_at),
        "undo_of": operation.undo_of_id,
        "retry_of": operation.retry_of_id,
        "batch": operation.batch_id,
    }


def _time(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None


def domain_as_seen_by(actor: Actor, domain: Domain) -> dict[str, object]:
    """Give a domain as :func:`domain_json` does, for one reader and with what is under way. Two queries and rights."""
    open_effects = Effect.objects.filter(domain=domain, state__in=OPEN)
    return domain_json(
        domain,
        changeable=actor.changes().filter(pk=domain.pk).exists(),
        open_effects={
            (vcpu, side): operation
            for vcpu, side, operation in open_effects.values_list("vcpu", "side", "operation")
        },
    )


def domain_json(
    domain: Domain, *, changeable: bool = True, open_effects: Mapping[tuple[int, str], int] | None = None
) -> dict[str, object]:
    """Give a domain with, for every slot and side, why it cannot be changed now and what may delay a change.

    ``changeable`` is false for a reader who may only look; ``open_effects`` names for a vCPU and side the
    operation that is still at work there. ``host`` is loaded; no query. Linear in the number of slots.
    """
    view = domain.view()
    odd = warnings(view, cpus=domain.host.cpus, unmarked=cpulist.load(domain.unmarked))
    return {
        "host": domain.host.slug,
        "name": domain.name,
        "uuid": str(domain.uuid),
        "state": domain.state,
        "persistent": domain.persistent,
        "live": domain.live,
        "config": domain.config,
        "topology": domain.topology,
        "unit_size": domain.unit_size,
        "agent": domain.agent,
        "guest": _guest(domain),
        "warnings": [warning.to_json() for warning in odd],
        "synced": timestamp(domain.synced_at),
        "slots": slots_json(view, changeable=changeable, open_effects=open_effects or {}),
    }


def _guest(domain: Domain) -> dict[str, str | None] | None:
    """Give the guest's own view by the guest's own numbers, with the time at which it was asked."""
    if not domain.guest:
        return None
    told: dict[str, str | None] = {key: domain.guest[key] for key in ("vcpus", "online", "offlinable")}
    return told | {"read": _time(domain.guest_at)}


def domain_row_json(domain: Domain) -> dict[str, object]:
    """Give a domain in brief, as lists have it. Needs ``host`` loaded."""
    return {
        "host": domain.host.slug,
        "host_state": domain.host.state,
        "name": domain.name,
        "uuid": str(domain.uuid),
        "state": domain.state,
        "persistent": domain.persistent,
        "live": domain.live,
        "config": domain.config,
        "unit_size": domain.unit_size,
        "agent": domain.agent,
        "synced": timestamp(domain.synced_at),
    }


def host_json(host: Host, *, domains: int, served: Collection[str] | None) -> dict[str, object]:
    """Give a host, of which somebody may see so many domains, and the queues that are served as far as known."""
    return {
        "host": host.slug,
        "state": host.state,
        "state_since": timestamp(host.state_since),
        "last_seen": _time(host.last_seen),
        "enabled": host.enabled,
        "hypervisor": host.hypervisor,
        "hypervisor_version": host.hypervisor_version,
        "libvirt_version": host.libvirt_version,
        "cpus": host.cpus,
        "specific": host.specific,
        "served": None if served is None else host.queue in served,
        "asynchronous": host.asynchronous,
        "monitor": host.monitor,
        "queue": host.queue,
        "round_trip": host.round_trip,
        "last_error": host.last_error,
        "domains": domains,
    }


def token_json(token: Token) -> dict[str, object]:
    """Give a token as it may be shown at any time. Its ``user`` is best loaded."""
    return {
        "id": token.pk,
        "user": token.user.get_username(),
        "name": token.name,
        "prefix": token.prefix,
        "role": token.role or None,
        "state": token.state,
        "created": timestamp(token.created_at),
        "expires": timestamp(token.expires_at),
        "last_used": _time(token.last_used_at),
        "revoked": _time(token.revoked_at),
    }
