"""Pages by key: a cursor names the last row of the page before, so rows that come meanwhile move nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from django.db.models import Model
from ninja import Query
from pydantic import BeforeValidator, WithJsonSchema

# Everything in a query may be left out or empty, which is the same.
Cursor = Annotated[
    str, Query(description="The “next” of the page before; empty for the first.", pattern="^[0-9]{0,18}$")
]
Words = Annotated[str, Query(max_length=300, pattern="^[^\\x00]*$")]
Switch = Annotated[
    bool,
    BeforeValidator(lambda value: value != "" and value),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "maxLength": 0}]}),
]
_Row = TypeVar("_Row", bound=Model)


def split(rows: Sequence[_Row], size: int) -> tuple[Sequence[_Row], str | None]:
    """Take a page of ``size`` from rows of which one more was asked for; gives the next page's cursor too."""
    page = rows[:size]
    return page, str(page[-1].pk) if len(rows) > size else None
