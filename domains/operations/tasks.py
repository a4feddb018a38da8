"""The doorbell's other end."""

from __future__ import annotations

from celery import shared_task

from domains.operations import doorbell, inside
from domains.operations.execute import work


@shared_task(name="domains.operations.tasks.ring")
def ring(domain_id: object) -> None:
    """Look whether the domain has something to do. The argument is an id and nothing else is believed."""
    if type(domain_id) is int:
        doorbell.heard(domain_id)
        work(domain_id)


@shared_task(
    name="domains.operations.tasks.look", time_limit=inside.TIME_LIMIT, soft_time_limit=inside.TIME_LIMIT - 1
)
def look(domain_id: object, tries: object) -> None:
    """Ask the domain's guest how it uses its CPUs. The arguments are numbers and nothing else is believed."""
    if type(domain_id) is int and type(tries) is int:
        inside.look(domain_id, min(tries, doorbell.TRIES))
