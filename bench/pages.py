"""The operation history's page for every kind of question, beside an empty page of the same process."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.test import Client

from bench.history import FRAME
from bench.ledger import START
from bench.loading import beside_frame

ROUNDS, WARM_UP = 9, 1
OLD = f"{START.year}-03-01"
# A value that is common, and one that is rare or of old
ALONE = {
    "host": "host03", "domain": "web0004", "actor": "user03", "action": "add", "status": "failed",
    "reason": "guest_refused", "door": "api", "slot": "5", "since": f"{START.year}-06-01", "until": OLD,
}  # fmt: skip
ADVERSE = {
    "two common values that never meet": {"status": "succeeded", "reason": "interrupted"},
    "common values that never meet, three": {"status": "outside", "door": "page", "action": "add"},
    "a rare value of old": {"host": "host19", "until": OLD},
    "a value of old alone": {"host": "host19"},
    "a value of old and a common one": {"host": "host19", "status": "succeeded"},
    "a rare guest, long ago": {"domain": "ci1999", "until": OLD},
    "a filter without a hit": {"actor": "nobody"},
    "a filter without a hit and a common one": {"actor": "nobody", "action": "add"},
    "sign-ins": {"show": "access"},
    "sign-ins of nobody": {"show": "access", "action": "add"},
    "everything": {"show": "everything"},
}
TEXT = {
    "one word": {"q": "rollback"},
    "two words": {"q": "rollback freeze"},
    "one letter": {"q": "r"},
    "three letters that each stand everywhere": {"q": "w u 1"},
    "a word that is nowhere": {"q": "xylophone"},
    "a common word and one that is nowhere": {"q": "user xylophone"},
    "a common word, a rare filter": {"q": "user", "domain": "ci1999", "status": "failed"},
    "a common word, a value of old": {"q": "user", "host": "host19", "door": "command"},
    "a common word, common values that never meet": {
        "q": "user",
        "status": "succeeded",
        "reason": "interrupted",
    },
    "a common word, long ago": {"q": "ticket", "until": OLD, "status": "failed"},
    "an address": {"q": "10.0.2.77", "action": "remove"},
    "a name in part": {"q": "web00", "slot": "7"},
}


def measure() -> dict[str, list[float]]:
    """Give samples of each page's time in milliseconds by ``person: what``, and beside each those of the frame.

    Frame and page take turns, so that both see the same machine.
    """
    samples: dict[str, list[float]] = {}
    everybody = dict(questions())
    some = {name: everybody[name] for name in everybody if name.startswith(("none", "adverse"))}
    for person, asked in (("auditor", everybody), ("viewer", some), ("newcomer", some)):
        client = Client(SERVER_NAME="localhost")
        client.force_login(get_user_model().objects.get(username=person))
        for name, query in asked.items():
            what, address = f"{person}: {name}", f"/operations/?{urlencode(query)}"
            frame, page = beside_frame(client, address, rounds=ROUNDS, warm_up=WARM_UP)
            samples[f"{what}{FRAME}"], samples[what] = frame, page
    return samples


def questions() -> Iterator[tuple[str, dict[str, str]]]:
    """Give everything that is asked: ``kind: what`` and the address's query."""
    yield "none", {}
    for name, value in ALONE.items():
        yield f"filters: {name}", {name: value}
    for one, other in combinations(ALONE, 2):
        yield f"filters: {one}, {other}", {one: ALONE[one], other: ALONE[other]}
    for name, query in ADVERSE.items():
        yield f"adverse: {name}", query
    for name, query in TEXT.items():
        yield f"text: {name}", query
