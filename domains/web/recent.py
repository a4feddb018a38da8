"""What happened lately to one domain: its own part of the history, operations and what stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Case, OuterRef, Subquery, When

from domains.models import Domain, HistoryEntry, HistoryLine, Operation

MOST = 8

Recent = Operation | HistoryEntry


def recent_of(domain: Domain) -> Sequence[Recent]:
    """Give the newest operations on a domain, their effects loaded, among entries that stand alone, newest first.

    Three queries; ``host`` is loaded.
    """
    alone = When(
        operation=None, then=Subquery(HistoryEntry.objects.filter(seq=OuterRef("seq")).values("body"))
    )
    lines = list(
        HistoryLine.objects.filter(domain_uuid=str(domain.uuid), host=domain.host.slug)
        .annotate(body=Case(alone))
        .order_by("-seq")[:MOST]
    )
    numbers = [line.operation for line in lines if line.operation is not None]
    known = Operation.objects.defer("before", "after").prefetch_related("effects")  # no map is shown here
    operations = known.in_bulk(numbers) if numbers else {}
    out: list[Recent] = []
    for line in lines:
        if line.operation in operations:
            out.append(operations[line.operation])
        elif line.body:
            out.append(entry_of(line, line.body))
    return out


def entry_of(line: HistoryLine, body: str) -> HistoryEntry:
    """Give the entry that a line is made of, as far as it is to be described."""
    return HistoryEntry(
        seq=line.seq, body=body, kind=line.kind, time=line.time, host=line.host,
        door=line.door, domain_uuid=line.domain_uuid,
    )  # fmt: skip
