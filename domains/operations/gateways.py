"""The worker's connections: one per process and host, opened when first needed and never before a fork."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from domains.hypervisor.address import AddressError
from domains.hypervisor.connections import Connections
from domains.hypervisor.errors import DomainNotFound, GatewayError, HostUnreachable
from domains.hypervisor.gateway import DomainReading, Gateway
from domains.inventory.store import Stale, apply_gone, apply_reading, revision_of
from domains.models import Domain, Host, statements
from domains.models.revision import next_revision
from domains.vcpu.reasons import Reason

READINGS = 20  # so many overtaken in a row mean that something is wrong


class HostRemoved(GatewayError):
    """The host was removed from here while a worker talked to it: nothing is written about it any more."""

    reason = Reason.HOST_NOT_FOUND


class NeverCurrent(GatewayError):
    """The inventory changed under every one of many readings."""


@contextmanager
def gateway_to(host: Host) -> Iterator[Gateway]:
    """Lend this process's read-write connection to a host. Raises ``HostUnreachable``."""
    try:
        uri = host.uri()
    except AddressError as error:
        raise HostUnreachable(error.sentence) from error
    with _connections(settings.GATEWAY).using(uri, readonly=False, monitor=host.monitor) as gateway:
        yield gateway


def read_afresh(
    gateway: Gateway, host_id: int, uuid: str, *, then: Callable[[Domain], None] | None = None
) -> Domain:
    """Read a domain, write it to the inventory (see ``apply_reading``), and give the row.

    What is to be done ``then`` is done in the very transaction that writes the row, and tells the pages. Raises
    ``GatewayError``.
    """
    for _ in range(READINGS):
        revision = revision_of(host_id, uuid)
        try:
            return _write(host_id, gateway.read_domain(uuid), revision, then)
        except DomainNotFound:
            _forget(host_id, uuid, revision)
            raise
        except Stale as stale:
            if not Host.objects.filter(pk=host_id).exists():
                raise HostRemoved("The host was removed.") from stale
    raise NeverCurrent(f"{READINGS} readings in a row were overtaken by other writers.")


def stored(domain_id: int) -> Domain:
    """Give the row of a domain with its host. Raises :class:`HostRemoved`, since only its host's removal ends a row."""
    domain = statements.first(Domain, pk=domain_id)
    host = statements.first(Host, pk=domain.host_id) if domain else None
    if domain is None or host is None:
        raise HostRemoved("The host was removed.")
    domain.host = host
    return domain


def _write(
    host_id: int, reading: DomainReading, revision: int, then: Callable[[Domain], None] | None
) -> Domain:
    if then is None:
        return stored(apply_reading(host_id, reading, read_revision=revision).domain_id)
    with transaction.atomic():
        next_revision()  # nobody else writes the domain between the look at its row and ``then``
        domain = stored(apply_reading(host_id, reading, read_revision=revision, announce=False).domain_id)
        then(domain)
    return domain


def _forget(host_id: int, uuid: str, revision: int) -> None:
    try:
        apply_gone(host_id, uuid, read_revision=revision)
    except Stale:
        return  # somebody saw it after all; the watcher goes on from there


@cache
def _connections(opener: str) -> Connections:
    return Connections(import_string(opener))
