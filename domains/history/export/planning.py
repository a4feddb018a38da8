"""Before an export is written: which range it has, and the entry that says who takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from domains.history.export.forms import Form
from domains.history.export.records import Header, Scope
from domains.history.ledger import append, timestamp, wait_turn
from domains.models import HistoryEntry


class CannotExport(Exception):
    """There is nothing to export as it was asked for; the text is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to have exported.

    ``matching`` are the entries of a filtered export and ``filters`` says what they were found by; without it
    the export is of everything in the range. ``first`` and ``last`` are the range that somebody wants to know
    everything about: a filtered export reaches further where a matching entry does, and without them from the
    first matching entry to the last.
    """

    first: int | None = None
    last: int | None = None
    matching: QuerySet[HistoryEntry] | None = None
    filters: Mapping[str, object] | None = None
    compact: bool = False

    @property
    def scope(self) -> Scope:
        """Name the kind of export this makes: compact only says something of a filtered one."""
        if self.matching is None:
            return "whole"
        return "compact" if self.compact else "filtered"


def begin(wish: Wish, form: Form, by: Mapping[str, str | None]) -> Header:
    """Fix the range of an export and record who takes it; what is appended from then on does not belong to it.

    ``by`` has ``actor``, ``door``, ``address`` and ``token``. Raises :class:`CannotExport`.
    """
    first, last = span(wish)
    filters = dict(wish.filters or {})
    told = {"format": form.name, "scope": wish.scope, "filters": filters, "from": first, "to": last}
    with transaction.atomic():
        wait_turn()  # so that no archive takes the range away before the entry stands
        try:
            made = header(first, last, by=by, scope=wish.scope, filters=filters)
        except HistoryEntry.DoesNotExist as gone:
            raise CannotExport(
                f"Entry {first} is being archived, so an export cannot begin with it. Try again."
            ) from gone
        entry = append("exported", {**by, "host": None, **told})
    return replace(made, recorded=entry.seq)


def header(
    first: int,
    last: int,
    *,
    by: Mapping[str, str | None],
    scope: Scope = "whole",
    filters: Mapping[str, object] | None = None,
) -> Header:
    """Make the header of an export of this range. Raises ``DoesNotExist`` where the ledger has no first entry."""
    return Header(
        scope=scope,
        first=first,
        last=last,
        previous_hash=HistoryEntry.objects.values_list("previous_hash", flat=True).get(seq=first),
        filters=filters or {},
        time=timestamp(datetime.now(UTC)),
        actor=by["actor"] or "",
        door=by["door"] or "",
        recorded=None,
    )


def span(wish: Wish) -> tuple[int, int]:
    """Give the first and the last entry of what is wished for. Raises :class:`CannotExport`."""
    ends = HistoryEntry.objects.aggregate(first=Min("seq"), last=Max("seq"))
    if ends["first"] is None:
        raise CannotExport("The history has no entry yet, so there is nothing to export.")
    first, last = wish.first or ends["first"], wish.last or ends["last"]
    if first < ends["first"]:
        raise CannotExport(
            f"The history begins with entry {ends['first']}; what stood before is not in it now."
        )
    if max(first, last) > ends["last"]:
        raise CannotExport(
            f"The history ends with entry {ends['last']}; there is no entry {max(first, last)} yet."
        )
    if wish.matching is not None:
        found = (
            wish.matching.order_by()
            .filter(seq__lte=ends["last"])
            .aggregate(first=Min("seq"), last=Max("seq"))
        )
        if found["first"] is None:
            raise CannotExport("No entry matches, so there is nothing to export.")
        first = min(found["first"], wish.first or found["first"])
        last = max(found["last"], wish.last or found["last"])
    if first > last:
        raise CannotExport("There is no entry in that range, so there is nothing to export.")
    return first, last


def first_since(moment: datetime) -> int | None:
    """Give the number of the first entry that was written at this time or later, None if there is none."""
    found = HistoryEntry.objects.filter(time__gte=timestamp(moment))
    return found.order_by("seq").values_list("seq", flat=True).first()


def last_before(moment: datetime) -> int | None:
    """Give the number of the last entry that was written before this time, None if there is none."""
    found = HistoryEntry.objects.filter(time__lt=timestamp(moment))
    return found.order_by("-seq").values_list("seq", flat=True).first()
