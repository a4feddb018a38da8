"""What came of a request, said where it was made, with what can be done about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from domains.models import Domain, Operation, Status
from domains.operations.standing import followers_of
from domains.web import lines
from domains.web.controls import controls_of

FRESH = timedelta(minutes=15)  # for which what has ended offers its next step on the guest's page
_UNDER_WAY = (Status.QUEUED, Status.RUNNING, Status.WAITING)


def outcome_of(operation: Operation, domain: Domain, *, editable: bool = True) -> dict[str, Any]:
    """Give the outcome's template what it shows. ``domain`` is the operation's, with its ``host`` loaded.

    The buttons are those for where the operation stands now, for those who may change the guest. At most two queries,
    and one more unless the effects are prefetched.
    """
    operation.domain = domain
    effects = list(operation.effects.all())
    under_way = operation.status in _UNDER_WAY
    fresh = under_way or datetime.now(UTC) - (operation.finished_at or operation.created_at) < FRESH
    followers = followers_of([operation.pk]) if editable and fresh and not under_way else []
    controls = controls_of(operation, effects, followers) if editable and fresh else []
    return {"line": lines.of_operation(operation, effects=effects), "controls": controls}


def answer(request: HttpRequest, operation: Operation) -> HttpResponse:
    """Answer a request of the guest's page that became an operation, whose ``domain`` is loaded with its ``host``.

    For htmx the outcome alone, else a redirect to where it stands.
    """
    domain = operation.domain
    if domain is not None and getattr(request, "htmx", None):
        return render(request, "_outcome.html", outcome_of(operation, domain))
    page = reverse("domain", args=[operation.host_slug, operation.domain_uuid])
    return HttpResponseRedirect(f"{page}?operation={operation.pk}#change-outcome", status=303)
