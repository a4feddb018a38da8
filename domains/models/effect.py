"""Effects: what an operation means for one slot on one side."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from domains.models import statements
from domains.models.domain import Domain
from domains.models.operation import Operation
from domains.models.status import OPEN, EffectState
from domains.vcpu.targets import Target


class Effect(models.Model):
    """A target ("slot 5 present, live") and how far it has come.

    Effects with the same ``step`` are one call to the hypervisor. A live effect is bound to one ``run``
    of the guest. ``reason`` and the libvirt fields say why it did not come, or not yet; while it is being applied,
    that its guest was heard to refuse it.
    """

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="effects")
    domain = models.ForeignKey(Domain, null=True, on_delete=models.SET_NULL, related_name="effects")
    step = models.PositiveIntegerField()
    vcpu = models.PositiveIntegerField()
    side = models.CharField(max_length=10)
    target = models.CharField(max_length=10, choices=[(str(target), str(target)) for target in Target])
    state = models.CharField(max_length=20, choices=EffectState, default=EffectState.PENDING)
    late = models.BooleanField(default=False)
    reason = models.CharField(max_length=40, blank=True)
    libvirt_code = models.IntegerField(null=True)
    libvirt_text = models.TextField(blank=True)
    run = models.PositiveIntegerField(null=True)
    applied_at = models.DateTimeField(null=True, help_text="When the call to the hypervisor may have begun.")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["step", "vcpu"]
        indexes = [models.Index(fields=["domain", "state"], name="effect_of_domain")]
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "vcpu", "side"],
                condition=Q(state__in=OPEN),
                name="one_open_effect_per_slot_and_side",
            ),
        ]

    def __str__(self) -> str:
        return f"vCPU {self.vcpu} {self.side} {self.target}"


def effects_of(operation: Operation) -> list[Effect]:
    """Give all effects of an operation in their order, as ``operation.effects.all()`` does."""
    found = statements.select(Effect, operation=operation.pk)
    for effect in found:
        effect.operation = operation
    return found
