"""Hosts as the pages of administrators show them, with a fixed number of queries however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from domains.models import FINAL, Domain, Host, Operation, Status
from domains.operations import workers
from domains.operations.hosts_words import abilities, milliseconds, version_text
from domains.web.readings import is_late


@dataclass(frozen=True, slots=True)
class HostView:
    """One host in words. ``guests`` are those it shows now, ``under_way`` operations that have not ended.

    ``lacks`` says that no worker serves its queue, whether or not the host answers.
    """

    host: Host
    libvirt: str
    hypervisor: str
    can: tuple[str, ...]
    round_trip: str
    late: bool
    guests: int
    under_way: int
    lacks: bool


def host_views(hosts: Sequence[Host]) -> list[HostView]:
    """Describe hosts with two queries."""
    guests = Domain.objects.filter(host__in=hosts, gone_at=None).order_by()
    ended = (*FINAL, Status.UNCONFIRMED)
    operations = Operation.objects.filter(host__in=hosts).exclude(status__in=ended).order_by()
    numbers = dict(guests.values_list("host").annotate(number=Count("pk")))
    busy = dict(operations.values_list("host").annotate(number=Count("pk")))
    return [_view(host, numbers.get(host.pk, 0), busy.get(host.pk, 0)) for host in hosts]


def state_html(host: Host) -> SafeString:
    """Draw a host's state, since when, and why it is not connected."""
    html = get_template("hosts/_state.html").render({"host": host}).strip()
    return mark_safe(html)  # noqa: S308  # a template's own output


def _view(host: Host, guests: int, under_way: int) -> HostView:
    known = host.libvirt_version is not None
    can = abilities(specific=host.specific, asynchronous=host.asynchronous, monitor=host.monitor)
    version = version_text(host.hypervisor_version)
    return HostView(
        host=host,
        libvirt=version_text(host.libvirt_version),
        hypervisor=f"{host.hypervisor} {version}".strip(),
        can=tuple(can) if known else (),
        round_trip=milliseconds(host.round_trip) if host.shown == "connected" else "",
        late=is_late(host),
        guests=guests,
        under_way=under_way,
        lacks=host.enabled and workers.left_alone(host),
    )
