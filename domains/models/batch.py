"""Batches: one change asked of many guests, and what was planned for each of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from domains.models.domain import Domain
from domains.models.operation import Operation


class BatchStatus(models.TextChoices):
    """Where a batch stands. A stopping one starts nothing more, and a stopped one has left something out."""

    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"


class ItemState(models.TextChoices):
    """Where a guest of a batch stands. Of one that was asked the operation tells.

    ``nothing`` and ``cannot`` were known beforehand; ``refused`` came out when its turn came, ``dropped`` never had one.
    """

    DUE = "due"
    ASKED = "asked"
    NOTHING = "nothing"
    CANNOT = "cannot"
    REFUSED = "refused"
    DROPPED = "dropped"


UNDER_WAY = (BatchStatus.RUNNING, BatchStatus.STOPPING)


class Batch(models.Model):
    """What is asked of many guests, by whom, and how it is to be gone about.

    ``vcpu`` is a list of IDs or a word, as an operation has it, or null where ``count`` says how many vCPUs each guest
    is to get or to lose. ``chosen`` says how the guests were chosen. At most ``parallel`` operations are open at a
    time. ``as_system`` says that it was the operating system's user who asked, whose rights nobody takes away.
    """

    action = models.CharField(max_length=20)
    vcpu = models.JSONField(null=True)
    count = models.PositiveIntegerField(null=True)
    affect = models.CharField(max_length=10)
    chosen = models.JSONField(default=dict)
    parallel = models.PositiveIntegerField()
    stop_on_failure = models.BooleanField(default=False)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="batches"
    )
    as_system = models.BooleanField(default=False)
    actor = models.CharField(max_length=200)
    door = models.CharField(max_length=20)
    address = models.CharField(max_length=64, blank=True)
    token = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)
    idempotency_key = models.CharField(max_length=128, blank=True)
    retry_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="retried_by")

    status = models.CharField(max_length=20, choices=BatchStatus, default=BatchStatus.RUNNING)
    message = models.TextField(blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    revision = models.BigIntegerField(db_index=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["id"], name="batch_under_way", condition=Q(status__in=UNDER_WAY)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["actor", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="batch_idempotency_key",
            ),
            models.CheckConstraint(
                condition=Q(status__in=UNDER_WAY, finished_at__isnull=True)
                | (~Q(status__in=UNDER_WAY) & Q(finished_at__isnull=False)),
                name="batch_finished_if_over",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"

    @property
    def under_way(self) -> bool:
        """Whether something of it is still to come."""
        return self.status in UNDER_WAY


class BatchItem(models.Model):
    """One guest of a batch, whose names are kept as text.

    ``vcpu`` are the slots that were shown to be changed, in their order, and null where none was; ``plan`` says what
    was planned in words, or why nothing could be, with the ``reason``'s code. ``left`` are slots that an earlier
    attempt has not achieved: they take the place of what is asked of the others. ``retry_of`` is that attempt.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    domain = models.ForeignKey(Domain, null=True, on_delete=models.SET_NULL, related_name="batch_items")
    host_slug = models.CharField(max_length=100)
    domain_name = models.TextField()
    domain_uuid = models.UUIDField()
    vcpu = models.JSONField(null=True)
    left = models.JSONField(null=True)
    plan = models.TextField()
    reason = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=ItemState)
    operation = models.OneToOneField(
        Operation, null=True, on_delete=models.PROTECT, related_name="batch_item"
    )
    retry_of = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["batch", "state", "position"], name="batch_item_next")]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="batch_item_position"),
            models.UniqueConstraint(fields=["batch", "domain"], name="batch_item_once_per_guest"),
            models.CheckConstraint(
                condition=Q(state=ItemState.ASKED, operation__isnull=False)
                | (~Q(state=ItemState.ASKED) & Q(operation__isnull=True)),
                name="batch_item_asked_with_operation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain_name} of batch {self.batch_id}"
