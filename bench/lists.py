"""The fleet page for every kind of question: its time beside that of an empty page, its size and its queries."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.crowd import name_of
from bench.loading import beside_frame
from domains.models import Domain
from domains.web.fleet_sheet import PAGE

ROUNDS, WARM_UP = 5, 1
PEOPLE = ("administrator", "viewer")


def measure() -> dict[str, list[float]]:
    """Give samples by ``person: question: figure``: milliseconds of ``page`` and ``frame``, ``KB``, ``queries``."""
    samples: dict[str, list[float]] = {}
    size = Domain.objects.count()
    for person in PEOPLE:
        client = Client(SERVER_NAME="localhost")
        client.force_login(get_user_model().objects.get(username=person))
        for question, address in questions(size):
            about = f"{person}: {question}"
            frame, page = beside_frame(client, address, rounds=ROUNDS, warm_up=WARM_UP)
            samples[f"{about}: frame"], samples[f"{about}: page"] = frame, page
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address)
            samples[f"{about}: KB"] = [len(answer.content) / 1024]
            samples[f"{about}: queries"] = [len(queries)]
    return samples


def questions(size: int) -> Iterator[tuple[str, str]]:
    """Give everything that is asked of a fleet of so many: a name, and the address."""
    middle = size // 8 * 4  # that of a guest whose name the viewer's patterns fit
    uuid = Domain.objects.get(name=name_of(middle)).uuid
    yield "first page", "/"
    yield "page 500", f"/?page={min(500, -(-size // PAGE))}"
    yield "counts", "/fleet/news/"
    yield "search, one hit", f"/?q={name_of(middle)}"
    yield "search, UUID", f"/?q={uuid}"
    yield "search, no hit", "/?q=xylophone"
    yield "search, many hits", "/?q=web"
    for name, value in (
        ("host", "host03"),
        ("state", "paused"),
        ("differs", "1"),
        ("waiting", "1"),
        ("unreachable", "1"),
    ):
        yield f"filter by {name}", f"/?{name}={value}"
    for order in ("name", "state", "-live", "-config", "-changed"):
        yield f"order {order}", f"/?sort={order}"
