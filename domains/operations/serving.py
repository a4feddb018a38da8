"""Telling open pages when a queue gets its first worker, or loses its last one."""

from __future__ import annotations

from django.db import transaction

from domains.models import Host
from domains.models.revision import next_revision
from domains.operations import workers
from domains.push.stream import publish


class _Told:
    """The queues of which this process last said that nobody serves them; None before it has said anything."""

    unserved: frozenset[str] | None = None


def tell_changes() -> None:
    """Have the pages draw the hosts anew whose queue is served by now, or not any more. Nothing while that is not
    known.
    """
    queues = Host.objects.filter(enabled=True).values_list("queue", flat=True)
    unserved = workers.unserved(queues)
    if unserved is None or unserved == _Told.unserved:
        return
    changed = Host.objects.all()  # another process may have told of some that are served by now
    if _Told.unserved is not None:
        changed = changed.filter(queue__in=unserved ^ _Told.unserved)
    with transaction.atomic():
        revision = next_revision()
        for host_id in list(changed.values_list("pk", flat=True)):
            publish(f"host:{host_id}", revision)
        changed.update(revision=revision)
    _Told.unserved = unserved
