"""Who may act for a shared thing right now."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """A named right held by one process until it expires. ``epoch`` grows with each change of holder."""

    name = models.CharField(max_length=200, primary_key=True)
    holder = models.CharField(max_length=200)
    epoch = models.BigIntegerField(default=1)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} held by {self.holder}"
