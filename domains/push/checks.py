"""Looking again, now and then, whether everybody who listens still may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from domains.push.client import Client
from domains.push.rendering import FindAccess
from domains.push.threads import Threads

AT_ONCE = 100  # sessions in one query, so that others get their turn


async def end_where_changed(threads: Threads, find: FindAccess, clients: Iterable[Client]) -> None:
    """Look up the rights of these streams again and end those whose are not the same any more.

    A browser that still may listen fetches its page anew, which may show more or less now, and comes back by itself.
    Raises ``django.db.Error`` when the database does not answer.
    """
    sessions: defaultdict[str, list[Client]] = defaultdict(list)
    for client in clients:
        sessions[client.session].append(client)
    names = list(sessions)
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        found = await threads.run(find, part)
        for name in part:
            for client in sessions[name]:
                if found.get(name) != client.access:
                    client.end(anew=name in found)
