"""One line of the operation history, ready to be drawn: in the list, in a guest's recent operations, as an outcome."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from domains.history.form import body_of
from domains.models import Effect, HistoryEntry, Operation, Status
from domains.operations import said
from domains.operations.said import Said
from domains.web.related import Link, links_of
from domains.web.tags import CHIPS

_SLUG = re.compile(r"[-\w]+", re.ASCII)  # what the address of a host's page is made of


@dataclass(frozen=True, slots=True)
class Line:
    """``chip`` names the outcome's look; ``seconds`` is how long it took, or None while it goes on.

    ``number`` is the operation's, or ``entry`` that of an entry that stands alone. ``links`` lead to the operations
    that it undoes or retries, or that undo or retry it, and ``batch`` is the one that it is part of, or about.
    """

    key: str
    time: datetime
    chip: str
    said: Said
    door: str
    seconds: float | None
    number: int | None = None
    status: str = ""
    host: str = ""
    uuid: str = ""
    entry: int | None = None
    links: tuple[Link, ...] = ()
    batch: int | None = None

    @property
    def icon(self) -> str:
        """The outcome's icon."""
        return CHIPS[self.chip][0]

    @property
    def kind(self) -> str:
        """The outcome's colour."""
        return CHIPS[self.chip][1]


def of_any(one: Operation | HistoryEntry) -> Line:
    """Describe an operation, or an entry that stands alone."""
    return of_operation(one) if isinstance(one, Operation) else of_entry(one)


def of_operation(
    operation: Operation, followers: Iterable[Operation] = (), effects: Sequence[Effect] | None = None
) -> Line:
    """Describe an operation as it stands now; its effects are best prefetched, or given."""
    ended = operation.finished_at
    return Line(
        key=f"operation-{operation.pk}",
        time=operation.created_at,
        chip=chip_of(operation),
        said=said.of_operation(operation, effects),
        door=operation.door,
        seconds=(ended - operation.created_at).total_seconds() if ended else None,
        number=operation.pk,
        status=operation.status,
        host=operation.host_slug,
        uuid=str(operation.domain_uuid),
        links=links_of(operation, followers),
        batch=operation.batch_id,
    )


def of_entry(entry: HistoryEntry) -> Line:
    """Describe an entry that stands alone."""
    told, host = said.of_entry(entry), entry.host or ""
    return Line(
        key=f"entry-{entry.seq}",
        time=datetime.fromisoformat(entry.time).astimezone(UTC),
        chip=chip_of_kind(entry.kind),
        said=told,
        door=entry.door or "",
        seconds=None,
        host=host,
        uuid=(entry.domain_uuid or "") if told.domain and _SLUG.fullmatch(host) else "",
        entry=entry.seq,
        batch=_batch_of(entry) if entry.kind.startswith("batch_") else None,
    )


def _batch_of(entry: HistoryEntry) -> int | None:
    body = body_of(entry.body)
    return body.get("batch") if body else None


def chip_of_kind(kind: str) -> str:
    """Name the look of an entry that stands alone."""
    if kind == "revoked":  # a token in that state has the plain word
        return "revoked_role"
    return kind if kind in CHIPS else "entry"


def chip_of(operation: Operation) -> str:
    """Name the look of an operation's outcome."""
    if operation.status == Status.SUCCEEDED and operation.late:
        return "late"
    return "working" if operation.status == Status.RUNNING else str(operation.status)
