"""When the history was verified, and what came of it."""

from __future__ import annotations

from django.db import models

UNREADABLE = (
    "unreadable"  # the kind of a finding that says nothing about the history but that it gave no answer
)


class Verification(models.Model):
    """One verification: how far it came, against which head, and what it found; empty where it found nothing.

    ``kind`` is that of the worst finding: anything that does not fit comes before what could not be read.
    ``against`` is the name of the file of heads, ``against_seq`` and ``against_hash`` the last head in it.
    """

    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    entries = models.BigIntegerField()
    head_seq = models.BigIntegerField()
    head_hash = models.CharField(max_length=64)
    against = models.CharField(max_length=255, blank=True)
    against_seq = models.BigIntegerField(null=True)
    against_hash = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    finding = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"verification {self.pk}"

    @property
    def intact(self) -> bool:
        """Whether everything fitted."""
        return not self.finding

    @property
    def unread(self) -> bool:
        """Whether nothing was found but that the history could not be read to its end."""
        return self.kind == UNREADABLE
