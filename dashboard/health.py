"""Answers for load balancers and people who ask whether this process lives and can serve."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import parts
from domains.operations.pulse import take_pulse
from domains.web.troubles import troubles_for

OK = "ok"
WELL = "Everything is at work."


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer, with nothing: the process lives."""
    return HttpResponse(content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether pages can be served; to signed-in people also what is not well, in the words of the pages.

    Without Redis, workers, watchers or hosts the pages still tell the truth, so only the database counts.
    """
    fault = parts.database_fault()
    lines = ["not ok" if fault else OK]
    if not fault and request.user.is_authenticated:
        found = troubles_for(request.user, take_pulse())
        lines += [trouble.sentence for trouble in found] or [WELL]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain", status=503 if fault else 200)
