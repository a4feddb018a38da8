"""Running totals, kept as things happen: how operations ended, and after how long effects were seen.

They are what counters are made of. A count of rows would be dear where there are a million of them, and would fall
whenever a failed operation succeeds late after all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from django.db import connection, models

# Upper bounds in seconds, as Prometheus counts: a value belongs to the first bound that it does not exceed.
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

# What stands in place of an action where it is no operation that ended, but a batch, or what became of one of its guests
BATCH = "batch"
GUEST_OF_BATCH = "batch_guest"

_ENDED = """
INSERT INTO domains_outcome (action, status, reason, count) VALUES (%s, %s, %s, %s)
ON CONFLICT (action, status, reason) DO UPDATE SET count = domains_outcome.count + excluded.count
"""
_SEEN = """
INSERT INTO domains_confirmation (action, side, bucket, count, seconds) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (action, side, bucket) DO UPDATE SET
    count = domains_confirmation.count + excluded.count, seconds = domains_confirmation.seconds + excluded.seconds
"""


class Outcome(models.Model):
    """How many operations of one action ended with one status and reason code (empty: none); batches likewise."""

    action = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    reason = models.CharField(max_length=40, blank=True)
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "status", "reason"], name="outcome_counted_once")
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.action} {self.status} {self.reason}".rstrip()


class Confirmation(models.Model):
    """How many effects of one action and side were seen within one span, and how many seconds they took together.

    ``bucket`` is the span's number: that of its upper bound in ``BOUNDS``, or one more for what took longer.
    """

    action = models.CharField(max_length=20)
    side = models.CharField(max_length=10)
    bucket = models.PositiveSmallIntegerField()
    count = models.BigIntegerField()
    seconds = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "side", "bucket"], name="confirmation_counted_once")
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.action} {self.side} in bucket {self.bucket}"


def count_outcome(action: str, status: str, reason: str) -> None:
    """Count one operation that has just ended, in the transaction that says so."""
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, [action, status, reason, 1])


def count_batch(status: str, guests: Mapping[str, int]) -> None:
    """Count one batch that has just ended, and its ``guests`` by outcome, in the transaction that says so."""
    rows = [(GUEST_OF_BATCH, outcome, "", number) for outcome, number in guests.items()]
    with connection.cursor() as cursor:
        cursor.executemany(_ENDED, [(BATCH, status, "", 1), *rows])


def count_confirmations(action: str, side: str, seconds: float, *, effects: int = 1) -> None:
    """Count effects that were seen ``seconds`` after they were asked for, in the transaction that says so."""
    bucket = bisect_left(BOUNDS, seconds)
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [action, side, bucket, effects, effects * seconds])
