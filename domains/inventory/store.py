"""Writing readings into the inventory. Every write is a compare-and-swap, so a stale reading never lands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from domains.hypervisor.gateway import DomainReading, GuestReading
from domains.inventory import attribution, rows
from domains.inventory.leases import Fence, check
from domains.inventory.rows import FIELDS, fields_of, run_of
from domains.models import Domain, Host, statements
from domains.models.domain import ACTIVE_STATES
from domains.models.revision import next_revision
from domains.push.stream import publish
from domains.vcpu import cpulist
from domains.vcpu.guest import GuestView, match_slots


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a reading. ``ring`` says that an operation of the domain now has work for a worker."""

    domain_id: int
    changed: bool
    ring: bool


class Stale(Exception):
    """Somebody wrote the domain after the revision was read: throw the reading away and read again."""


def revision_of(host_id: int, uuid: str) -> int:
    """Give the revision to hold a reading against, 0 for a domain not known yet. Ask before reading."""
    found = statements.select(Domain, host=host_id, uuid=UUID(uuid))
    return found[0].revision if found else 0


def apply_reading(
    host_id: int,
    reading: DomainReading,
    *,
    read_revision: int,
    fence: Fence | None = None,
    announce: bool = True,
) -> Seen:
    """Make the inventory agree with what was read, and say whose doing each difference is.

    ``read_revision`` is what :func:`revision_of` gave before the reading was taken. ``fence`` is the lease
    under which a watcher writes. Without ``announce`` the pages are not told: the caller is about to
    announce an operation of the domain, which brings the domain with it. Raises :class:`Stale`, or
    ``LeaseLost``.
    """
    (known,) = statements.select(Domain, host=host_id, uuid=UUID(reading.uuid)) or (None,)
    if (known.revision if known else 0) != read_revision:
        raise Stale
    if known is None:
        return _create(host_id, reading, fence)
    run = run_of(known, reading)
    fields = fields_of(reading)
    same = run == known.run and all(getattr(known, name) == fields[name] for name in FIELDS)
    if same and not attribution.asked(known):
        return Seen(known.pk, changed=False, ring=False)
    with transaction.atomic():
        if fence:
            check(fence)
        revision = next_revision()
        fields |= {"run": run, "cpu_time": reading.cpu_time, "synced_at": datetime.now(UTC)}
        if run != known.run:
            fields |= rows.beginning(known, reading)
        fields["revision"] = revision
        if not statements.update(Domain, fields, pk=known.pk, revision=read_revision):
            raise Stale
        (now,) = statements.select(Domain, pk=known.pk)
        ring = attribution.attribute(known, now, revision=revision)
        if announce:
            publish(f"domain:{known.pk}", revision)
    return Seen(known.pk, changed=True, ring=ring)


def apply_gone(host_id: int, uuid: str, *, read_revision: int, fence: Fence | None = None) -> Seen:
    """Record that the host shows this domain no longer. Its row stays: the history refers to it.

    What the configuration held last stays in the row too, as the last that is known.

    Raises :class:`Stale`, or ``LeaseLost``.
    """
    known = Domain.objects.filter(host=host_id, uuid=uuid).first()
    if known is None or known.revision != read_revision:
        raise Stale
    if known.gone_at:
        return Seen(known.pk, changed=False, ring=False)
    with transaction.atomic():
        if fence:
            check(fence)
        revision = next_revision()
        written = Domain.objects.filter(pk=known.pk, revision=read_revision).update(
            gone_at=datetime.now(UTC),
            state="shut off",
            live=None,
            live_count=0,
            libvirt_id=None,
            cpu_time=None,
            revision=revision,
        )
        if not written:
            raise Stale
        ring = attribution.attribute(known, Domain.objects.get(pk=known.pk), revision=revision)
        publish(f"domain:{known.pk}", revision)
    return Seen(known.pk, changed=True, ring=ring)


def apply_guest(domain: Domain, reading: GuestReading) -> Domain:
    """Write down what the guest of a domain that was just read says of its CPUs, and give the new row.

    Raises :class:`Stale` if the domain was written meanwhile.
    """
    slots, known = domain.live_map, domain.guest_view
    if slots is None:
        raise Stale
    matched = match_slots(
        reading.vcpus,
        present=slots.present,
        fixed=slots.fixed,
        booted=cpulist.load(domain.booted) if domain.booted else None,
        known=known.slots if known else {},
    )
    view = GuestView(reading.vcpus, reading.online, reading.offlinable, matched)
    with transaction.atomic():
        revision = next_revision()
        written = Domain.objects.filter(pk=domain.pk, revision=domain.revision).update(
            guest=view.to_json(), guest_at=datetime.now(UTC), revision=revision
        )
        if not written:
            raise Stale
        publish(f"domain:{domain.pk}", revision)
    return Domain.objects.select_related("host").get(pk=domain.pk)


def _create(host_id: int, reading: DomainReading, fence: Fence | None) -> Seen:
    fields = fields_of(reading)
    try:
        with transaction.atomic():
            if fence:
                check(fence)
            revision = next_revision()
            if not Host.objects.filter(pk=host_id).exists():
                raise Stale  # removed meanwhile, and its domains with it
            domain = Domain.objects.create(
                host_id=host_id,
                uuid=UUID(reading.uuid),
                run=1 if reading.state in ACTIVE_STATES else 0,
                cpu_time=reading.cpu_time,
                synced_at=datetime.now(UTC),
                revision=revision,
                **fields,
            )
            attribution.arrive(domain)
            publish(f"domain:{domain.pk}", revision)
    except IntegrityError as error:
        raise Stale from error
    return Seen(domain.pk, changed=True, ring=False)
