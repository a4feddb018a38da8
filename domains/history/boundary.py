"""Up to where the ledger can be archived: no operation is torn apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from domains.history.ledger import timestamp
from domains.models import FINAL, HistoryEntry, Operation


class NothingToArchive(Exception):
    """There is nothing to archive; the text is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """Entries ``first`` to ``last`` can be archived. ``kept`` says which operation made it end earlier, if one did."""

    first: int
    last: int
    kept: str


def boundary(moment: datetime) -> Boundary:
    """Find what lies before this time and can go: never the newest entry, and only whole operations.

    An operation that is open, or that has an entry which stays, stays with all of its entries, and so does
    everything after its first. Raises :class:`NothingToArchive`.
    """
    ends = HistoryEntry.objects.aggregate(first=Min("seq"), last=Max("seq"))
    if ends["first"] is None:
        raise NothingToArchive("The history has no entry yet.")
    staying = HistoryEntry.objects.filter(time__gte=timestamp(moment))
    first_staying = staying.order_by("seq").values_list("seq", flat=True).first()
    last = min(ends["last"], first_staying or ends["last"]) - 1
    last, kept = _between_operations(last)
    if last < ends["first"]:
        raise NothingToArchive(
            f"No entry before {timestamp(moment)} can be archived: the oldest is entry {ends['first']}. {kept}".rstrip()
        )
    return Boundary(ends["first"], last, kept)


def _between_operations(last: int) -> tuple[int, str]:
    """Move the end down until no operation lies on both sides of it."""
    still_open = set(Operation.objects.exclude(status__in=FINAL).values_list("pk", flat=True))
    entries = HistoryEntry.objects.order_by().filter(operation__isnull=False).values("operation")
    operations = entries.annotate(begin=Min("seq"), end=Max("seq")).filter(begin__lte=last)
    kept = ""
    # By their beginnings from the last to the first, none that was passed can be torn by a boundary further down.
    for number, begin, end in (
        operations.order_by("-begin").values_list("operation", "begin", "end").iterator()
    ):
        if begin <= last and (end > last or number in still_open):
            last = begin - 1
            why = "is still open" if number in still_open else "was not over by then"
            kept = f"Operation {number} {why}, so everything from its first entry, {begin}, on is kept."
    return last, kept
