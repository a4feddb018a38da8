"""The page of one history entry: whatever the history says can be looked into, and cited by its number and hash."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.history.form import body_of
from domains.history.ledger import digest_of
from domains.models import HistoryEntry
from domains.operations.sight import sight_of
from domains.web import lines, timeline
from domains.web.access import member
from domains.web.numbers import read_number
from domains.web.operation_view import KEPT, raw_of


@never_cache
@require_safe
@member
def entry(request: HttpRequest, seq: int) -> HttpResponse:
    """Show an entry as it is kept. What one may not see is answered like what does not exist."""
    number = read_number(str(seq))
    seen = HistoryEntry.objects.filter(sight_of(request.user).entries()).only(*KEPT)
    around = {one.seq: one for one in seen.filter(seq__in=(number - 1, number, number + 1))} if number else {}
    found = around.get(number) if number else None
    if number is None or found is None:
        raise Http404
    body = body_of(found.body)
    number_of_operation = body.get("operation") if body else None
    alone = body is not None and number_of_operation is None
    context = {
        "here": "operations",
        "entry": raw_of(found),
        "operation": number_of_operation,
        "body": found.body,
        "digest": digest_of(found.body),
        "event": None if number_of_operation is None else timeline.events([found])[0],
        "line": lines.of_entry(HistoryEntry.objects.get(pk=number)) if alone else None,
        "earlier": number - 1 if number - 1 in around else None,
        "later": number + 1 if number + 1 in around else None,
    }
    return render(request, "entry.html", context)
