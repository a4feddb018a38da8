"""Looking inside a guest: what its own kernel says of its CPUs, asked through its agent.

An agent may take as long as it likes to answer, and asking it takes a read-write connection: so only workers ask, with
a short time limit, one guest of a host at a time, and never while somebody waits for a page.
"""

from __future__ import annotations

import os
import socket
from datetime import timedelta

import structlog
from django.db import transaction

from domains.hypervisor.errors import AgentUnavailable, GatewayError
from domains.hypervisor.gateway import Gateway
from domains.inventory import leases, store
from domains.inventory.leases import Fence
from domains.models import Domain, Host, clock
from domains.models.revision import next_revision
from domains.operations import asking, doorbell, places
from domains.operations.gateways import READINGS, NeverCurrent, gateway_to, read_afresh

logger = structlog.get_logger(__name__)

TIME_LIMIT = 15  # seconds after which an agent that keeps a worker waiting costs that process its life
AFTER_A_CHANGE = 1.0  # seconds that a guest gets to bring a new CPU online
_BUSY_PAUSE = 2.0


def look(domain_id: int, tries: int) -> None:
    """Ask one guest how it uses its CPUs; a little later while another guest of its host is being asked, or there is
    no place for it.

    On the way it is found out what the host can do, if that is not known yet.
    """
    domain = Domain.objects.select_related("host").filter(pk=domain_id).first()
    if domain is None or not (
        _can_be_asked(domain) or (domain.host.reachable and domain.host.specific is None)
    ):
        return
    fence = _place(domain.host)
    if fence is None:
        if tries > 1:
            doorbell.look([domain_id], after=_BUSY_PAUSE, tries=tries - 1)
        return
    try:
        with gateway_to(domain.host) as gateway:
            domain = read_afresh(gateway, domain.host_id, str(domain.uuid))
            read_guest(gateway, asking.with_abilities(gateway, domain))
    except GatewayError as error:
        logger.info("a guest could not be asked", domain=domain_id, error=error.text)
    finally:
        leases.release(fence)


def _place(host: Host) -> Fence | None:
    if places.refused_look(host, clock.now()):  # those that wait for a place mostly end here, without a lock
        return None
    with transaction.atomic():
        next_revision()  # whoever wants a place meanwhile waits for this, and counts it
        if places.refused_look(host, clock.now()):
            return None
        name = places.look_lease(host.queue, host.slug)
        return leases.acquire(name, f"{socket.gethostname()}:{os.getpid()}", timedelta(seconds=TIME_LIMIT))


def read_guest(gateway: Gateway, domain: Domain) -> Domain:
    """Ask the guest of a domain that was just read, and write down what it says.

    Raises ``AgentUnavailable``, or another ``GatewayError``; what was known before then stands, with its age.
    """
    for _ in range(READINGS):
        if not _can_be_asked(domain):
            return domain
        reading = gateway.read_guest(str(domain.uuid))
        try:
            return store.apply_guest(domain, reading)
        except store.Stale:
            domain = read_afresh(gateway, domain.host_id, str(domain.uuid))
    raise NeverCurrent(f"{READINGS} readings of the guest in a row were overtaken by other writers.")


def see_guest(gateway: Gateway, domain: Domain) -> Domain:
    """Ask the guest as ``read_guest`` does; one whose agent does not answer is given without a view of it.

    That view is what was known before a call, and must not pass for what was seen after it.
    """
    try:
        return read_guest(gateway, domain)
    except AgentUnavailable as error:
        logger.info("an agent does not answer", domain=domain.pk, error=error.text)
    domain.guest = None
    return domain


def _can_be_asked(domain: Domain) -> bool:
    return bool(domain.running and domain.state != "paused" and domain.agent and domain.host.reachable)
