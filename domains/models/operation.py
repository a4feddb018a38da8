"""Operations: one requested change each, from click to outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from domains.models.domain import Domain
from domains.models.host import Host
from domains.models.status import FINAL, EffectState, Status

if TYPE_CHECKING:
    from domains.models.effect import Effect


class Operation(models.Model):
    """The row is the queue and the lock. Names are kept as text, so it outlives what it names.

    ``vcpu`` is a list of IDs in the order asked, or ``"first"``, ``"highest"`` or ``"all"`` (of those that
    differ). ``before`` and ``after``
    hold ``{"live": slot map | null, "config": slot map | null}``. ``worker`` is empty while no process works
    on it; ``attempt`` and ``worker`` fence what a process writes. By the database's clock, ``claimed_at`` is when
    its last step was taken in hand, and ``call_began_at`` when the last call to the hypervisor may have begun.
    ``asking`` says that what is waited for is to be asked for once more.
    """

    host = models.ForeignKey(Host, null=True, on_delete=models.SET_NULL, related_name="operations")
    domain = models.ForeignKey(Domain, null=True, on_delete=models.SET_NULL, related_name="operations")
    host_slug = models.CharField(max_length=100)
    domain_name = models.TextField()
    domain_uuid = models.UUIDField()

    action = models.CharField(max_length=20)
    vcpu = models.JSONField()
    affect = models.CharField(max_length=10)
    affect_meant = models.CharField(max_length=10, blank=True)
    on_failure = models.CharField(max_length=10, default="stop")
    expect = models.IntegerField(null=True)
    queue_if_unreachable = models.BooleanField(default=False)
    ask_anyway = models.BooleanField(default=False)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="operations"
    )
    actor = models.CharField(max_length=200)
    door = models.CharField(max_length=20)
    address = models.CharField(max_length=64, blank=True)
    token = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)
    idempotency_key = models.CharField(max_length=128, blank=True)
    undo_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="undone_by", db_index=False
    )
    retry_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="retried_by", db_index=False
    )
    batch = models.ForeignKey(
        "Batch", null=True, on_delete=models.PROTECT, related_name="operations", db_index=False
    )

    status = models.CharField(max_length=20, choices=Status, default=Status.QUEUED)
    late = models.BooleanField(default=False)
    reason = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    attempt = models.PositiveIntegerField(default=0)
    asking = models.BooleanField(default=False)
    worker = models.CharField(max_length=200, blank=True)
    claimed_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    call_began_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    revision = models.BigIntegerField(db_index=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "domain", "id"], name="operation_queue"),
            models.Index(fields=["host", "status", "id"], name="operation_line"),
            models.Index(fields=["domain", "-id"], name="operation_of_domain"),
            # Nearly every operation undoes and retries none: an index over those would look useless to planners.
            models.Index(fields=["undo_of"], name="operation_undoing", condition=Q(undo_of__isnull=False)),
            models.Index(fields=["retry_of"], name="operation_retrying", condition=Q(retry_of__isnull=False)),
            models.Index(fields=["batch"], name="operation_of_batch", condition=Q(batch__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["domain"], condition=Q(status=Status.RUNNING), name="one_running_operation_per_domain"
            ),
            models.UniqueConstraint(
                fields=["actor", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="operation_idempotency_key",
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL, finished_at__isnull=False)
                | (~Q(status__in=FINAL) & Q(finished_at__isnull=True)),
                name="operation_finished_if_final",
            ),
        ]

    def __str__(self) -> str:
        return f"operation {self.pk}"

    def to_ask_again(self) -> models.QuerySet[Effect]:
        """Give the effects that a guest is to be asked for once more and has not been yet."""
        return self.effects.filter(state=EffectState.WAITING, side="live", applied_at=None)

    @property
    def final(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.status in FINAL
