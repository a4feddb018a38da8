"""The stream of keys: what changed, never what it looks like. Redis only makes it fast; the database is the truth."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from django.db import transaction

from domains.push import reach

STREAM = "slotboard:changes"
OPEN = "slotboard:open:"  # + a domain's UUID, while somebody has its page open; watchers look there first
MAXLEN = 10_000
START = "0-0"


def publish(key: str, revision: int) -> None:
    """Announce, once the transaction is committed, that what ``key`` names now has this revision.

    Keys are ``domain:<pk>``, ``operation:<pk>``, ``host:<pk>`` and ``batch:<pk>``. Never raises, and hardly waits for
    a Redis that does not answer (see ``reach``): a lost announcement is made up for by the hubs.
    """
    transaction.on_commit(partial(_send, key, revision))


def _send(key: str, revision: int) -> None:
    with suppress(reach.Away), reach.redis() as redis:
        redis.xadd(STREAM, {"k": key, "v": revision}, maxlen=MAXLEN, approximate=True)


def cursor() -> str:
    """Give the id of the last announcement, for a page to take before it reads what it shows.

    ``0-0`` while there is none, or Redis does not answer.
    """
    try:
        with reach.redis() as redis:
            entries = redis.xrevrange(STREAM, count=1)
    except reach.Away:
        return START
    return str(entries[0][0]) if entries else START
