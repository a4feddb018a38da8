"""Effects as the pages look at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Q

from domains.models import OPEN, Domain, Effect, EffectState
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side
from domains.vcpu.targets import Target
from domains.web.work import Work

RECENT = timedelta(minutes=15)  # how long a failed change stays marked in its slot
_SHOWN = (
    "vcpu", "side", "target", "state", "reason", "libvirt_text", "settled_at", "applied_at", "operation__actor",
    "operation__created_at", "operation__started_at", "operation__domain_name",
)  # fmt: skip


def works_of(domain: Domain) -> list[Work]:
    """Give what operations do at the domain's slots, and what they did there lately. One query."""
    recent = Q(settled_at__gte=datetime.now(UTC) - RECENT)
    effects = (
        Effect.objects.filter(domain=domain)
        .filter(Q(state__in=(*OPEN, EffectState.UNCONFIRMED)) | recent)
        .exclude(state=EffectState.SKIPPED)
        .select_related("operation")
        .only(*_SHOWN)
    )
    return [work_of(effect) for effect in effects]


def work_of(effect: Effect) -> Work:
    """Describe one effect, whose operation is loaded."""
    operation = effect.operation
    return Work(
        vcpu=effect.vcpu,
        side=effect.side,
        target=Target(effect.target),
        state=effect.state,
        operation=operation.pk,
        actor=operation.actor,
        claimed=operation.started_at is not None,
        since=effect.settled_at or effect.applied_at or operation.created_at,
        problem=problem_of(effect) if effect.state == EffectState.FAILED else "",
        reason=effect.reason,
    )


def problem_of(effect: Effect) -> str:
    """Say in a sentence why an effect did not come, or not yet; empty where no reason is known."""
    if not effect.reason:
        return ""
    return sentence(
        Reason(effect.reason),
        domain=effect.operation.domain_name,
        vcpu=effect.vcpu,
        side=Side(effect.side),
        text=effect.libvirt_text,
    )
