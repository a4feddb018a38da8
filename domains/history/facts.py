"""What an entry says about an operation, in the words of the outside interface."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from domains.models import Effect, EffectState, Operation

Facts = dict[str, object]


def of_operation(operation: Operation, effects: Iterable[Effect]) -> Facts:
    """Give everything that an entry records of an operation as it stands now."""
    batch = {"batch": operation.batch_id} if operation.batch_id else {}
    return {
        "operation": operation.pk,
        **batch,
        "actor": operation.actor,
        "door": operation.door,
        "address": operation.address,
        "token": operation.token or None,
        "host": operation.host_slug,
        "domain": {"name": operation.domain_name, "uuid": str(operation.domain_uuid)},
        "action": operation.action,
        "requested": requested(operation),
        "affect_meant": operation.affect_meant or None,
        "note": operation.note,
        "status": operation.status,
        "late": operation.late,
        "reason": operation.reason or None,
        "message": operation.message,
        "effects": [of_effect(effect) for effect in effects],
        "before": operation.before,
        "after": operation.after,
        "attempt": operation.attempt,
        "duration": round((datetime.now(UTC) - operation.created_at).total_seconds(), 6),
    }


def requested(operation: Operation) -> Facts:
    """Give the request as it was made; a single ID stands for itself."""
    vcpu = operation.vcpu
    if isinstance(vcpu, list) and len(vcpu) == 1:
        vcpu = vcpu[0]
    return {"vcpu": vcpu, "affect": operation.affect}


def of_effect(effect: Effect) -> Facts:
    """Give one effect in the form of the outside interface."""
    told = effect.libvirt_code is not None or effect.libvirt_text
    return {
        "vcpu": effect.vcpu,
        "side": effect.side,
        "target": effect.target,
        "state": effect.state,
        "late": effect.late and effect.state == EffectState.DONE,
        "reason": effect.reason or None,
        "libvirt": {"code": effect.libvirt_code, "text": effect.libvirt_text} if told else None,
    }
