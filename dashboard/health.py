"""Answers for load balancers and people who ask whether this process lives and can serve."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import parts
from domains.operations.pulse import Pulse
from domains.operations.pulse_taking import take_pulse
from domains.web.troubles import troubles_for

OK = "ok"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer, with nothing: the process lives."""
    return HttpResponse(content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether pages can be served; to signed-in people also which other parts are at work, and what
    is not well in the words of the pages.

    Without Redis, workers, watchers or hosts the pages still tell the truth, so only the database counts.
    """
    fault = parts.database_fault()
    lines = ["not ok" if fault else OK]
    if not fault and request.user.is_authenticated:
        pulse = take_pulse()
        lines += [f"{name}: {state}" for name, state in _parts(pulse).items()]
        lines += [trouble.sentence for trouble in troubles_for(request.user, pulse)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain", status=503 if fault else 200)


def _parts(pulse: Pulse) -> dict[str, str]:
    return {
        "database": OK,
        "redis": "does not answer" if pulse.workers is None else OK,
        "worker": OK if pulse.workers else "none answers",
        "watcher": OK if pulse.watchers else "none at work",
    }
