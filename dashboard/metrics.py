"""``/metrics``: the figures in Prometheus's text format, to tokens and to those who may reach a listener of its own.

Web processes, workers and watchers of one installation share the database, and so what is counted for all of them is
read from there at each scrape, with a fixed number of queries: every web process gives the same. Only the streams and
the process's own figures are those of the process that answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error, connections
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CollectorRegistry, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from dashboard import families, totals
from domains.operations.actor import address_of
from domains.operations.pulse_taking import take_pulse
from domains.operations.refused import RequestRefused
from domains.operations.sight import sight_of
from domains.operations.tokens import recognise, unauthorised
from domains.push.figures import hub_figures
from domains.push.sse import Receive, Scope, Send
from domains.vcpu.reasons import Reason

_TEXT = "text/plain; charset=utf-8"
_NO_VERSION = re.compile(r"version=(?!([0-9]{1,9}(\.[0-9]{1,9})*)?\s*(;|$))")


class _Installation(Collector):
    """Everything of ours; of a database that does not answer, that it does not."""

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("slotboard", "The version that answers.", {"version": settings.VERSION})
        try:
            pulse = take_pulse()
            found = [*totals.totals(), *families.current(pulse), *families.up(database=True, pulse=pulse)]
        except Error:
            found = [*families.up(database=False, pulse=None)]
        yield from found
        if hub := hub_figures():
            yield from families.of_hub(hub)


_registry = CollectorRegistry()
_registry.register(_Installation())
ProcessCollector(registry=_registry)
PlatformCollector(registry=_registry)
GCCollector(registry=_registry)


def exposition(accept: str) -> tuple[bytes, str]:
    """Give all figures, in the format that the ``Accept`` header asks for, and its content type."""
    # The library compares versions as numbers, and ends with a TypeError where something else stands for one.
    asked = [wish for wish in accept.split(",") if not _NO_VERSION.search(wish)]
    encode, content_type = choose_encoder(",".join(asked))
    return encode(_registry), content_type


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a scrape that comes with a token of somebody who may see the whole history: 401 and 403 otherwise."""
    try:
        _admit(request)
    except RequestRefused as refused:
        headers = {"WWW-Authenticate": "Bearer"} if refused.http_status == 401 else None
        return HttpResponse(
            f"{refused.message}\n", content_type=_TEXT, status=refused.http_status, headers=headers
        )
    body, content_type = exposition(request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type)


def _admit(request: HttpRequest) -> None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise unauthorised("Send a token: Authorization: Bearer TOKEN.")
    token = recognise(secret.strip(), address=address_of(request))
    if not sight_of(token.user, limit=token.role).history:
        raise RequestRefused(
            Reason.NOT_PERMITTED,
            f"The token “{token.name}” does not open the figures: they tell of every host, so its owner has to be an "
            "auditor or administrator of everything, and it may not be limited to less than auditor.",
        )


async def listener(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer scrapes on ``SLOTBOARD_METRICS_LISTEN``, to whoever reaches it."""
    if scope["path"] != "/metrics":
        await _send(send, 404, b"Only /metrics is here.\n", _TEXT)
    elif scope["method"] not in ("GET", "HEAD"):
        await _send(send, 405, b"Figures are only read.\n", _TEXT)
    else:
        accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
        body, content_type = await sync_to_async(_in_thread, thread_sensitive=False)(accept)
        await _send(send, 200, b"" if scope["method"] == "HEAD" else body, content_type)


def _in_thread(accept: str) -> tuple[bytes, str]:
    try:
        return exposition(accept)
    finally:
        connections.close_all()


async def _send(send: Send, status: int, body: bytes, content_type: str) -> None:
    headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
