"""Which head of the history was published last."""

from __future__ import annotations

from django.db import models


class PublishedHead(models.Model):
    """The last head that stands in the file of heads: one row, for those who cannot read that file.

    It says whether publishing works. What the history is checked against is the file itself.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    seq = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="published_head_single_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"head {self.seq}"
