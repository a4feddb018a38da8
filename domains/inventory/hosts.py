"""What the watcher found out about hosts, and the address under which each is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from domains.hypervisor.address import HostAddress
from domains.hypervisor.gateway import HostReading
from domains.inventory.leases import Fence, check
from domains.models import Host, HostState
from domains.models.clock import now
from domains.models.revision import next_revision
from domains.push.stream import publish

LEASE = "host:"  # + the host's slug: the lease of the watcher that has it
WATCHER = "watcher:"  # + the holder: the lease by which a watcher counts as living
_QUIET = ("last_seen", "round_trip")  # what changes all the time
UNSEEN = "No watcher has looked at this host for a while."


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a watcher needs to know of a host; a changed one means that the connection is opened anew."""

    id: int
    slug: str
    address: HostAddress
    enabled: bool
    monitor: bool

    @property
    def lease(self) -> str:
        """The name of the lease under which a watcher has the host."""
        return f"{LEASE}{self.slug}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A host's last answer: how many seconds ago, and the milliseconds that its shortest one takes."""

    ago: float
    round_trip: float


def assignments() -> list[Assignment]:
    """Give every host that somebody has to watch, or has yet to show as paused."""
    hosts = Host.objects.exclude(enabled=False, state=HostState.PAUSED)
    return [Assignment(host.pk, host.slug, host.address, host.enabled, host.monitor) for host in hosts]


def connected(host_id: int, reading: HostReading, fence: Fence, round_trip: float | None = None) -> None:
    """Record that the host answers, in how many milliseconds, and what it says of itself. Raises ``LeaseLost``."""
    known: dict[str, Any] = {
        "libvirt_version": reading.libvirt_version,
        "hypervisor": reading.hypervisor,
        "hypervisor_version": reading.hypervisor_version,
        "cpus": reading.cpus,
        "asynchronous": reading.asynchronous,
        "round_trip": round_trip,
    }
    if reading.specific is not None:
        known["specific"] = reading.specific
    _write(host_id, HostState.CONNECTED, {**known, "last_error": ""}, fence)


def learn(host_id: int, *, specific: bool) -> None:
    """Record what a worker found out about the host by asking it."""
    with transaction.atomic():
        revision = next_revision()
        Host.objects.filter(pk=host_id).update(specific=specific, revision=revision)
        publish(f"host:{host_id}", revision)


def unreachable(host_id: int, sentence: str, fence: Fence) -> None:
    """Record that the host does not answer, and why as one sentence. Raises ``LeaseLost``."""
    known = {"state": HostState.UNREACHABLE, "last_error": sentence}
    if not Host.objects.filter(pk=host_id, **known).exists():  # said every second while it lasts
        _write(host_id, HostState.UNREACHABLE, {"last_error": sentence}, fence)


def unreachable_unless_seen(host_id: int, age: float, fence: Fence) -> None:
    """Take back "connected" from a host that no watcher has seen for ``age`` seconds. Raises ``LeaseLost``."""
    unseen = Q(last_seen=None) | Q(last_seen__lt=now() - timedelta(seconds=age))
    if Host.objects.filter(unseen, pk=host_id, state=HostState.CONNECTED).exists():
        _write(host_id, HostState.UNREACHABLE, {"last_error": UNSEEN}, fence)


def paused(host_id: int, fence: Fence) -> None:
    """Record that the host is not watched because it is switched off. Raises ``LeaseLost``."""
    _write(host_id, HostState.PAUSED, {"last_error": ""}, fence)


def seen(answers: Mapping[int, Answer]) -> None:
    """Record when each of these hosts last answered. That is no news for pages, which ask for it now and then.

    To be called in the transaction that kept their leases.
    """
    moment = now()
    answered = [
        Host(pk=pk, last_seen=moment - timedelta(seconds=answer.ago), round_trip=answer.round_trip)
        for pk, answer in answers.items()
    ]
    Host.objects.bulk_update(answered, _QUIET)


def _write(host_id: int, state: HostState, known: dict[str, Any], fence: Fence) -> None:
    with transaction.atomic():
        check(fence)
        revision = next_revision()
        host = Host.objects.select_for_update().filter(pk=host_id).first()
        if host is None:
            return  # removed meanwhile; whoever watched it is about to be told
        moment = now()
        if state == HostState.CONNECTED:
            known["last_seen"] = moment
        if state != host.state:
            known |= {"state": state, "state_since": moment}
        shown = [name for name in known if name not in _QUIET and getattr(host, name) != known[name]]
        if shown:
            known["revision"] = revision
            publish(f"host:{host_id}", revision)
        Host.objects.filter(pk=host_id).update(**known)
