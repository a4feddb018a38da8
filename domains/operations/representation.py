"""Operations, hosts, domains and tokens in the form of the outside interface."""

from __future__ import annotations

from datetime import datetime

from domains.history import facts
from domains.history.ledger import timestamp
from domains.models import Domain, Host, Operation, Token
from domains.vcpu.rules import Action, slot_reasons
from domains.vcpu.slots import Side, SlotMap


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
    }


def _time(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None


def domain_json(domain: Domain) -> dict[str, object]:
    """Give a domain with, for every slot and side, the reason why it cannot be added or removed now."""
    view = domain.view()
    reasons = {
        (side, action): slot_reasons(view, action, side)
        for side in (Side.LIVE, Side.CONFIG)
        for action in (Action.ADD, Action.REMOVE)
    }
    live, config = view.live, view.config
    slots = max((slots.maximum for slots in (live, config) if slots), default=0)
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
        "synced": timestamp(domain.synced_at),
        "slots": [
            {
                "vcpu": vcpu,
                "live": _word(live, vcpu),
                "config": _word(config, vcpu),
                "reasons": {
                    str(side): {
                        str(action): reasons[side, action].get(vcpu) for action in (Action.ADD, Action.REMOVE)
                    }
                    for side in (Side.LIVE, Side.CONFIG)
                },
            }
            for vcpu in range(slots)
        ],
    }


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


def host_json(host: Host, *, domains: int) -> dict[str, object]:
    """Give a host, of which somebody may see so many domains."""
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


def _word(slots: SlotMap | None, vcpu: int) -> str | None:
    if slots is None:
        return None
    if vcpu not in slots.present:
        return "absent"
    return "removable" if vcpu in slots.removable else "fixed"
