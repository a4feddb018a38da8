"""What has become of the guests of a batch."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from domains.models import Batch, BatchItem, ItemState, Status

# Every outcome, in the order in which they are told; the states of an operation stand for the guests that were asked.
OUTCOMES = (
    "succeeded",
    "late",
    "partial",
    "failed",
    "refused",
    "unconfirmed",
    "waiting",
    "running",
    "queued",
    "due",
    "cancelled",
    "dropped",
    "nothing",
    "cannot",
)


def outcome_of(item: BatchItem) -> str:
    """Give one of ``OUTCOMES``. The item's ``operation`` is loaded."""
    operation = item.operation
    if operation is None:
        return item.state
    return "late" if operation.status == Status.SUCCEEDED and operation.late else str(operation.status)


def counts_of(items: QuerySet[BatchItem]) -> dict[str, int]:
    """Count guests by outcome, those that there are none of left out. One query."""
    rows = (
        items.order_by()
        .values_list("state", "operation__status", "operation__late")
        .annotate(number=Count("pk"))
    )
    return _counted(((state, status, late), number) for state, status, late, number in rows)


def counts_of_all(batches: Iterable[Batch], items: QuerySet[BatchItem]) -> dict[int, dict[str, int]]:
    """Count the guests of several batches by outcome, as far as they are among ``items``. One query."""
    rows = (
        items.filter(batch__in=[batch.pk for batch in batches])
        .order_by()
        .values_list("batch", "state", "operation__status", "operation__late")
        .annotate(number=Count("pk"))
    )
    found: dict[int, list[tuple[tuple[str, str | None, bool | None], int]]] = {}
    for batch, state, status, late, number in rows:
        found.setdefault(batch, []).append(((state, status, late), number))
    return {batch: _counted(counted) for batch, counted in found.items()}


def _counted(rows: Iterable[tuple[tuple[str, str | None, bool | None], int]]) -> dict[str, int]:
    counts = dict.fromkeys(OUTCOMES, 0)
    for (state, status, late), number in rows:
        outcome = state if state != ItemState.ASKED else str(status)
        if status == Status.SUCCEEDED and late:
            outcome = "late"
        counts[outcome] += number
    return {outcome: number for outcome, number in counts.items() if number}
