"""The lines of the operation history: derived from the ledger, so that it can be searched."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


def _text() -> models.TextField[str | None, str | None]:
    """A text of an entry, null where the entry has none, as in the ledger's own columns."""
    return models.TextField(null=True)


class HistoryLine(models.Model):
    """What the operation history shows as one line: an operation with all its entries, or an entry by itself.

    Only ``domains.history`` writes it, from entries and nothing else, so it can be made anew from the ledger at
    any time. ``seq`` and ``time`` are those of the line's first entry, and so is what was asked; ``last_seq``,
    ``status`` and ``reason`` are those of its latest. ``latest`` is no earlier than the time of any line up to
    this one, so it only ever grows, also where clocks were set back: what a search by time begins with.
    """

    seq = models.BigIntegerField(primary_key=True)
    last_seq = models.BigIntegerField()
    time = models.TextField()
    latest = models.TextField()
    kind = models.TextField()
    host = _text()
    domain_name = _text()
    domain_uuid = _text()
    operation = models.BigIntegerField(null=True, unique=True)
    actor = _text()
    door = _text()
    action = _text()
    status = _text()
    reason = _text()

    class Meta:
        ordering = ["-seq"]
        indexes = [
            models.Index(fields=["domain_uuid", "-seq"], name="line_of_domain"),
            models.Index(
                fields=["actor", "-seq"], condition=Q(domain_uuid__isnull=True), name="line_of_no_domain"
            ),
            models.Index(fields=["latest", "seq"], name="line_by_time"),
            models.Index(fields=["-seq"], condition=Q(time__lt=F("latest")), name="line_out_of_time"),
        ]

    def __str__(self) -> str:
        return f"line {self.seq}"
