"""What happened lately to one domain: its own part of the history, operations and what stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery

from domains.models import Domain, HistoryEntry, HistoryLine, Operation

MOST = 8
_BODY = Subquery(HistoryEntry.objects.filter(seq=OuterRef("seq")).values("body"))

Recent = Operation | HistoryEntry


def recent_of(domain: Domain) -> Sequence[Recent]:
    """Give the newest operations on a domain, their effects loaded, among entries that stand alone, newest first.

    Three queries; ``host`` is loaded.
    """
    mine = HistoryLine.objects.filter(domain_uuid=str(domain.uuid), host=domain.host.slug)
    told = ("seq", "operation", "body", "kind", "time", "host", "door", "domain_uuid")
    lines = list(mine.annotate(body=_BODY).order_by("-seq").values(*told)[:MOST])
    numbers = [line["operation"] for line in lines if line["operation"] is not None]
    known = Operation.objects.defer("before", "after").prefetch_related("effects")  # no map is shown here
    operations = known.in_bulk(numbers) if numbers else {}
    out: list[Recent] = []
    for line in lines:
        number = line.pop("operation")
        if number in operations:
            out.append(operations[number])
        elif number is None and line["body"]:
            out.append(HistoryEntry(**line))
    return out
