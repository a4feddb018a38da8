"""The doorbell's other end."""

from __future__ import annotations

from celery import shared_task

from domains.operations.execute import work


@shared_task(name="domains.operations.tasks.ring")
def ring(domain_id: object) -> None:
    """Look whether the domain has something to do. The argument is an id and nothing else is believed."""
    if isinstance(domain_id, int) and not isinstance(domain_id, bool):
        work(domain_id)
