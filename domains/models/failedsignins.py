"""How many sign-ins failed lately, by address: what keeps the history from being flooded with them."""

from __future__ import annotations

from django.db import models


class FailedSignIns(models.Model):
    """One minute of failed sign-ins from one address.

    ``entries`` of them stand in the history each by itself; ``left_out`` are only counted, up to ``last_at``, and
    go into one entry together when the minute is over.
    """

    address = models.CharField(max_length=64, unique=True)
    began_at = models.DateTimeField(db_index=True)
    last_at = models.DateTimeField()
    entries = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "failed sign-ins"

    def __str__(self) -> str:
        return f"{self.entries + self.left_out} failed sign-ins from {self.address}"
