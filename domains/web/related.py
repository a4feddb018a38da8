"""Which operations an operation undoes and retries, and which undo and retry it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domains.models import Operation, Status

_UNDONE = {
    Status.SUCCEEDED: "undone by",
    Status.PARTIAL: "partly undone by",
    Status.FAILED: "not undone by",
    Status.CANCELLED: "not undone by",
}


@dataclass(frozen=True, slots=True)
class Link:
    """How another operation is related to one, in words that its number follows."""

    words: str
    number: int


def links_of(operation: Operation, followers: Iterable[Operation]) -> tuple[Link, ...]:
    """Name the operations that belong to one; of the ``followers`` those count that undo or retry it. No query."""
    links = []
    if operation.undo_of_id:
        links.append(Link("undoes", operation.undo_of_id))
    if operation.retry_of_id:
        links.append(Link("retries", operation.retry_of_id))
    for one in followers:
        if one.undo_of_id == operation.pk:
            links.append(Link(_UNDONE.get(Status(one.status), "to be undone by"), one.pk))
        if one.retry_of_id == operation.pk:
            links.append(Link("retried by", one.pk))
    return tuple(links)
