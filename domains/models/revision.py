"""The one growing counter that numbers every change a page may show."""

from __future__ import annotations

from django.db import connection, models


class Revision(models.Model):
    """A single row. Its lock makes revisions visible in the order of their numbers, without gaps to come."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    value = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="revision_single_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return str(self.value)


def next_revision() -> int:
    """Take the next number, inside a transaction and before any other lock in it.

    Whoever reads up to a number can rely on having seen all changes up to it: the row stays locked until
    the transaction ends, so no lower number can appear later.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("next_revision() needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE domains_revision SET value = value + 1 WHERE id = 1 RETURNING value")
        (value,) = cursor.fetchone()
    return int(value)


def current_revision() -> int:
    """Give the highest number whose change is committed."""
    return Revision.objects.values_list("value", flat=True).get(id=1)
