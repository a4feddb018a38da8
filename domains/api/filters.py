"""What a list of operations can be narrowed by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, get_args

from ninja import Schema
from pydantic import BeforeValidator, Field, WithJsonSchema

from domains.api.paging import Cursor, Words
from domains.history import search
from domains.models import Status
from domains.operations.actor import Door
from domains.vcpu.cpulist import MAX_SLOTS
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action


def _one_of(words: Iterable[str]) -> str:
    return f"^({'|'.join(words)})?$"


def _moment(value: object) -> datetime | None:
    """Read a time; one without a zone is in UTC, a day is its beginning."""
    if not isinstance(value, str) or not value:
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("there is no such time in UTC") from error


def _end(value: object) -> datetime | None:
    """Read a time likewise, but a day is its end, as on the page."""
    moment = _moment(value)
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return moment  # none, or one with a time of day
    try:
        return moment and moment + timedelta(days=1)
    except OverflowError as error:
        raise ValueError("that day has no end") from error


_EMPTY = {"type": "string", "maxLength": 0}
_MOMENT = {"anyOf": [{"type": "string", "format": "date-time"}, _EMPTY]}
Moment = Annotated[datetime | None, BeforeValidator(_moment), WithJsonSchema(_MOMENT)]
End = Annotated[datetime | None, BeforeValidator(_end), WithJsonSchema(_MOMENT)]
Slot = Annotated[
    Annotated[int, Field(ge=0, lt=MAX_SLOTS)] | None, BeforeValidator(lambda value: value or None)
]
Batch = Annotated[Annotated[int, Field(ge=1, lt=2**63)] | None, BeforeValidator(lambda value: value or None)]


class Filters(Schema):
    """What to list; an operation has to fit everything that is given."""

    host: Words = ""
    domain: Words = Field("", description="A name or a UUID.")
    status: str = Field("", pattern=_one_of(Status))
    action: str = Field("", pattern=_one_of(Action))
    actor: Words = ""
    reason: str = Field("", pattern=_one_of(Reason))
    door: str = Field("", pattern=_one_of(get_args(Door)))
    slot: Slot = Field(None, description="A vCPU that was asked for or meant.")
    batch: Batch = Field(None, description="The number of a batch that it is part of.")
    q: Words = Field(
        "", description="Words, or beginnings of words, that all stand in the operation's history."
    )
    since: Moment = Field(
        None,
        description="Requested then or later: a day or a time in ISO 8601, in UTC unless it says otherwise.",
    )
    until: End = Field(None, description="Requested before then: likewise, but a day up to its end.")
    cursor: Cursor = ""

    def wanted(self) -> search.Filters:
        """Give them as the search of the history takes them."""
        same = (
            "host",
            "domain",
            "status",
            "action",
            "actor",
            "reason",
            "door",
            "slot",
            "batch",
            "since",
            "until",
        )
        return search.Filters(text=self.q, **{name: getattr(self, name) for name in same})
