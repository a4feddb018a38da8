"""What a search of the history comes to on a page: lines by day, how many there are, and what to drop if none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby

from django.db.models import Q
from django.http import QueryDict

from domains.history import search
from domains.history.found import Found
from domains.models import HistoryEntry, HistoryLine, Operation
from domains.operations.standing import followers_of
from domains.web import lines
from domains.web.filters import Asked, filters_of
from domains.web.lines import Line

MANY = 200  # hits are counted up to here: looking at more takes longer than everything else on the page
ENOUGH = 100  # and those that a filter keeps away up to here


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A filter that could be dropped, and what would then be found."""

    name: str
    count: int

    @property
    def many(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > ENOUGH


def lines_of(found: Sequence[HistoryLine]) -> list[Line]:
    """Describe lines as they stand now: operations, and entries that stand alone. At most four queries."""
    numbers = [line.operation for line in found if line.operation is not None]
    # A line shows no slot map, and of a large guest those are large.
    operations = Operation.objects.defer("before", "after").prefetch_related("effects")
    known = operations.in_bulk(numbers) if numbers else {}
    followers = followers_of(known)
    alone = [line.seq for line in found if line.operation not in known]
    entries = HistoryEntry.objects.filter(seq__in=alone)
    bodies = dict(entries.values_list("seq", "body")) if alone else {}
    return [
        lines.of_operation(known[line.operation], followers)
        if line.operation in known
        else lines.of_entry(_entry_of(line, bodies[line.seq]))
        for line in found
        if line.operation in known or line.seq in bodies
    ]


def by_day(rows: Iterable[Line], zone: tzinfo) -> list[tuple[str, list[Line]]]:
    """Put lines under headings, a day each, as days are in this zone."""
    today = datetime.now(zone).date()
    days = []
    for day, group in groupby(rows, key=lambda line: line.time.astimezone(zone).date()):
        name = f"{day:%A}, {day.day} {day:%B %Y}"
        ago = (today - day).days
        days.append((f"{('Today', 'Yesterday')[ago]}, {name}" if 0 <= ago <= 1 else name, list(group)))
    return days


def hits_of(found: Found) -> str:
    """Say how many lines there are."""
    count = search.count(found, cap=MANY + 1)
    return f"more than {MANY:,}" if count > MANY else f"{count:,}"


def suggestions(asked: Asked, seen: Q) -> list[Suggestion]:
    """Find the filters without which something would be found; a query for each filter, when nothing was."""
    out = []
    for name in asked.names:
        without = filters_of(QueryDict(asked.query(**{name: ""})))
        if count := search.count(search.find(without, seen), cap=ENOUGH + 1):
            out.append(Suggestion(name, count))
    return out


def _entry_of(line: HistoryLine, body: str) -> HistoryEntry:
    """Give the entry that a line is made of, as far as it is to be described."""
    return HistoryEntry(
        seq=line.seq, body=body, kind=line.kind, time=line.time, host=line.host,
        door=line.door, domain_uuid=line.domain_uuid,
    )  # fmt: skip
