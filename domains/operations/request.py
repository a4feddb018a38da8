"""From a request to a queued operation: one path for page, API and command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from domains.history import facts, ledger
from domains.inventory.maps import maps_json
from domains.models import Domain, Host, Operation, Status
from domains.models.revision import next_revision
from domains.operations import doorbell
from domains.operations.actor import Actor
from domains.operations.parse import Change, OnFailure, parse_change
from domains.operations.refused import RequestRefused, record_refusal
from domains.operations.reserve import collide, reserve
from domains.operations.text import storable
from domains.push.stream import publish
from domains.vcpu.affect import Affect
from domains.vcpu.reasons import Reason
from domains.vcpu.rules import Action

IDEMPOTENCY_WINDOW = timedelta(hours=24)


def request_change(
    *, actor: Actor, host: str, domain_ref: str, asked: Mapping[str, object], idempotency_key: str = ""
) -> Operation:
    """Store what is asked as an operation and ring for a worker: the one path of every door.

    ``domain_ref`` is a UUID or a name, ``asked`` holds the raw fields that ``parse_change`` reads. A request
    that collides with an open one becomes an operation that has failed with ``operation_open``. Raises
    :class:`RequestRefused` where no operation comes of it (malformed, unknown, forbidden, another content
    under a used key); that too stands in the history then.
    """
    domain: Domain | None = None
    try:
        domain = find_domain(actor, host, domain_ref)
        change = parse_change(asked)
        if not actor.changes().filter(pk=domain.pk).exists():
            raise RequestRefused(Reason.NOT_PERMITTED, actor.barred(domain.name))
        operation, new = _once(actor, domain, change, idempotency_key)
    except RequestRefused as refusal:
        record_refusal(refusal, actor=actor, host=host, domain_ref=domain_ref, domain=domain, asked=asked)
        raise
    if new and operation.status == Status.QUEUED:
        doorbell.ring([domain.pk])
    return operation


def find_domain(actor: Actor, host: str, domain_ref: str) -> Domain:
    """Find a domain by UUID or name among those the actor may see.

    Raises :class:`RequestRefused` (``host_not_found``, ``domain_not_found``). What one may not see is answered
    like what does not exist.
    """
    if not (storable(host) and Host.objects.filter(slug=host).exists()):
        raise RequestRefused(
            Reason.HOST_NOT_FOUND, f"There is no host “{host[:100]}”; see the list of hosts."
        )
    on_host = actor.sees().filter(host__slug=host).select_related("host")
    try:
        found = on_host.filter(uuid=UUID(domain_ref)).first()
    except ValueError:
        named = on_host.filter(name=domain_ref, gone_at=None)
        found = named.first() if storable(domain_ref) else None
    if found is None:
        raise RequestRefused(
            Reason.DOMAIN_NOT_FOUND,
            f"Host {host} has no domain “{domain_ref[:260]}”, or you may not see it; see the fleet page.",
        )
    return found


def _once(actor: Actor, domain: Domain, change: Change, key: str) -> tuple[Operation, bool]:
    """Store the change, or give the operation that this key made before. Says whether it is a new one.

    Of two requests that come at the same time with one key both may find none; the database then lets only
    one of them through.
    """
    earlier = _earlier(actor, key, domain, change)
    if earlier:
        return earlier, False
    try:
        return _store(actor, domain, change, key), True
    except IntegrityError:
        earlier = _earlier(actor, key, domain, change)
        if earlier is None:
            raise
        return earlier, False


def _earlier(actor: Actor, key: str, domain: Domain, change: Change) -> Operation | None:
    if not key:
        return None
    if len(key) > 128 or not all("!" <= character <= "~" for character in key):
        raise RequestRefused(
            Reason.INVALID_REQUEST, "The idempotency key must be 1 to 128 visible ASCII characters."
        )
    earlier = Operation.objects.filter(actor=actor.name, idempotency_key=key).first()
    if earlier is None:
        return None
    if earlier.created_at < datetime.now(UTC) - IDEMPOTENCY_WINDOW:
        Operation.objects.filter(pk=earlier.pk).update(idempotency_key="")
        return None
    same = Change(
        action=Action(earlier.action),
        vcpu=earlier.vcpu,
        affect=Affect(earlier.affect),
        expect=earlier.expect,
        note=earlier.note,
        on_failure=OnFailure(earlier.on_failure),
        queue_if_unreachable=earlier.queue_if_unreachable,
        ask_anyway=earlier.ask_anyway,
    )
    if earlier.domain_id != domain.pk or same != change:
        raise RequestRefused(
            Reason.IDEMPOTENCY_MISMATCH,
            f"This idempotency key belongs to operation {earlier.pk}, which asked for something else; use a new key.",
        )
    return earlier


def _store(actor: Actor, domain: Domain, change: Change, idempotency_key: str) -> Operation:
    with transaction.atomic():
        revision = next_revision()
        operation = Operation.objects.create(
            host=domain.host,
            domain=domain,
            host_slug=domain.host.slug,
            domain_name=domain.name,
            domain_uuid=domain.uuid,
            user_id=actor.user.pk if actor.user else None,
            actor=actor.name,
            door=actor.door,
            address=actor.address,
            token=actor.token,
            idempotency_key=idempotency_key,
            before=maps_json(domain),
            after=maps_json(domain),
            created_at=datetime.now(UTC),
            revision=revision,
            **asdict(change),
        )
        blocker = reserve(operation, domain, change)
        ledger.append("requested", facts.of_operation(operation, operation.effects.all()))
        publish(f"operation:{operation.pk}", revision)
        if blocker:
            collide(operation, blocker, revision=revision)
    return operation
