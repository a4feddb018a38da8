"""The lines of the operation history: derived from the ledger, so that it can be searched."""

from __future__ import annotations

from django.db import models


def _text() -> models.TextField[str | None, str | None]:
    """A text of an entry, null where the entry has none, as in the ledger's own columns."""
    return models.TextField(null=True)


class HistoryLine(models.Model):
    """What the operation history shows as one line: an operation with all its entries, or an entry by itself.

    Only ``domains.history.lines`` writes it, from entries and nothing else, so it can be made anew from the
    ledger at any time. ``seq`` and ``time`` are those of the line's first entry, and so is what was asked;
    ``last_seq``, ``status`` and ``reason`` are those of its latest. ``words`` holds the words that full text
    search finds and the slots, as ``domains.history.words`` writes them.
    """

    seq = models.BigIntegerField(primary_key=True)
    last_seq = models.BigIntegerField()
    time = models.TextField()
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
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"line {self.seq}"
