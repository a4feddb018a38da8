"""Forms as they were sent and refused, to be shown again with what is wrong beside its field."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest

from domains.operations import unread
from domains.operations.accounts_rules import Misfit
from domains.operations.refused import RequestRefused

WHOLE = "form"  # stands for the field of what is wrong with no single one
_SECRET = "password"  # noqa: S105  # a field that is never sent back

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """By the form's name: its ``values`` and what is ``wrong`` with them, each by field."""

    values: dict[str, Fields] = field(default_factory=dict)
    wrong: dict[str, Fields] = field(default_factory=dict)
    status: int = 200


def refused(request: HttpRequest, form: str, refusal: RequestRefused) -> Sent:
    """Keep what was sent with one form; that it was refused becomes an entry when the answer leaves."""
    unread.attach(request, refusal)
    values = {name: str(value) for name, value in request.POST.items() if name != _SECRET}
    at = refusal.field if isinstance(refusal, Misfit) else WHOLE
    return Sent({form: values}, {form: {at: refusal.message}}, refusal.http_status)
