"""What the database and the history hold of an operation, for tests of what becomes of it."""

from __future__ import annotations

from domains.models import HistoryEntry


def effects(operation):
    return [(e.vcpu, e.side, e.state, e.late, e.reason) for e in operation.effects.all()]


def kinds(operation):
    return list(
        HistoryEntry.objects.filter(operation=operation.pk).order_by("seq").values_list("kind", flat=True)
    )


def outside():
    return HistoryEntry.objects.filter(kind="outside").count()
