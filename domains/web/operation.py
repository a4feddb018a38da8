"""The page of one operation."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from domains.models import Operation
from domains.push.stream import cursor
from domains.web.access import member, sight_of
from domains.web.operation_view import context_of

_LARGEST = 2**63 - 1


@never_cache
@require_safe
@member
def operation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything about an operation. What one may not see is answered like what does not exist."""
    since = cursor()  # before any state is read, so that nothing between page and stream is missed
    found = Operation.objects.filter(pk=pk).first() if pk <= _LARGEST else None
    if found is None or not sight_of(request.user).covers(found):
        raise Http404
    context = {
        **context_of(found),
        "here": "operations",
        "since": since,
        "topics": [f"operation:{pk}"],
    }
    return render(request, "operation.html", context)
