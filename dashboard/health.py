"""Answers for load balancers and people who ask whether this process lives and can serve."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import parts

OK = "ok"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer, with nothing: the process lives."""
    return HttpResponse(content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether pages can be served; to signed-in people also which other parts are at work.

    Without Redis, workers, watchers or hosts the pages still tell the truth, so only the database counts.
    """
    fault = parts.database_fault()
    lines = ["not ok" if fault else OK]
    if not fault and request.user.is_authenticated:
        lines += [f"{name}: {state}" for name, state in _parts().items()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain", status=503 if fault else 200)


def _parts() -> dict[str, str]:
    redis = parts.redis_answers()
    found = {
        "database": OK,
        "redis": OK if redis else "does not answer",
        "worker": OK if redis and parts.worker_answers() else "none answers",
        "watcher": OK if parts.watcher_works() else "none at work",
    }
    hosts = {f"host {slug}": state for slug, state in parts.hosts().items()}
    queues = {f"queue {name}": "served by no worker" for name in parts.unserved_queues()}
    return found | queues | hosts
