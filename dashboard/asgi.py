"""The web process's application: streams go to the push hub, everything else to Django."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
pages = get_asgi_application()

from domains.push.figures import tell_by  # noqa: E402  # models can be imported once Django is set up
from domains.push.hub import Hub  # noqa: E402
from domains.push.sse import EventStreams, Receive, Scope, Send  # noqa: E402
from domains.web.fragments import render  # noqa: E402
from domains.web.listening import accesses  # noqa: E402

hub = Hub(url=settings.REDIS_URL, render=render, find_access=accesses)
streams = EventStreams(hub)
tell_by(hub.figures)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a request to whom it is for, and follow the server's beginning and end."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/events":
        await streams(scope, receive, send)
    else:
        await pages(scope, receive, send)  # type: ignore[arg-type]  # asgiref types each kind of scope


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await hub.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await hub.stop()
    await send({"type": "lifespan.shutdown.complete"})
