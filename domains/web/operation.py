"""The page of one operation, and the buttons on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from domains.models import Operation
from domains.models.grant import domains_changed_by
from domains.operations import control, followups, unread
from domains.operations.parse import NOTE_LENGTH
from domains.operations.refused import RequestRefused
from domains.operations.sight import sight_of
from domains.push.stream import cursor
from domains.web import errors, outcome
from domains.web.access import member
from domains.web.actor import actor_of
from domains.web.operation_view import context_of

_LARGEST = 2**63 - 1
# What can be done about an operation, by the last part of its address.
DEEDS: Mapping[str, Callable[..., Operation]] = {
    "cancel": control.cancel,
    "ask-again": control.ask_again,
    "stop-waiting": control.stop_waiting,
    "undo": followups.undo,
    "retry": followups.retry,
}


@never_cache
@require_safe
@member
def operation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything about an operation. What one may not see is answered like what does not exist."""
    return _show(request, pk)


def _show(
    request: HttpRequest, pk: int, *, problem: str = "", note: str = "", status: int = 200
) -> HttpResponse:
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    known = Operation.objects.select_related("host", "domain__host")
    found = known.filter(pk=pk).first() if pk <= _LARGEST else None
    if found is None or not sight_of(request.user).covers(found):
        raise Http404
    changeable = (
        found.domain_id is not None and domains_changed_by(request.user).filter(pk=found.domain_id).exists()
    )
    context = {
        **context_of(found, changeable=changeable),
        "here": "operations",
        "since": since,
        "topics": [f"operation:{pk}"],
        "problem": problem,
        "note": note,
        "note_length": NOTE_LENGTH,
    }
    return render(request, "operation.html", context, status=status)


@never_cache
@require_POST
@member
def act(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Do one of :data:`DEEDS`, and go to the page of the operation that it concerns or that came of it.

    htmx has the browser go there. A refusal is shown in place, with what now stands and the note. A button on the
    guest's page says ``back``, and is answered there.
    """
    note = request.POST.get("note", "").strip()[:NOTE_LENGTH]
    try:
        concerned = DEEDS[deed](actor_of(request), pk, note=note)
    except RequestRefused as refusal:
        unread.attach(request, refusal)
        return _refused(request, pk, refusal, note)
    if "back" in request.POST:
        return outcome.answer(request, Operation.objects.select_related("domain__host").get(pk=concerned.pk))
    page = reverse("operation", args=[concerned.pk])
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(page)
    return HttpResponseRedirect(page, status=303)


def _refused(request: HttpRequest, pk: int, refusal: RequestRefused, note: str) -> HttpResponse:
    if getattr(request, "htmx", None):
        return render(request, "_refusal.html", {"problem": refusal.message}, status=refusal.http_status)
    try:
        return _show(request, pk, problem=refusal.message, note=note, status=refusal.http_status)
    except Http404:
        return errors.refusal(request, refusal.http_status, refusal.message)
