"""From a request to a queued operation: one path for page, API and command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from domains.history import facts, ledger
from domains.inventory.maps import maps_json
from domains.models import Domain, Operation, Status
from domains.models.effect import effects_of
from domains.models.revision import next_revision
from domains.operations import doorbell
from domains.operations.actor import Actor
from domains.operations.change import Change
from domains.operations.idempotency import made_before
from domains.operations.parse import parse_change
from domains.operations.refused import RequestRefused, record_refusal
from domains.operations.reserve import collide, reserve
from domains.operations.text import storable
from domains.push.stream import publish
from domains.vcpu.reasons import Reason


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
        return _submit(actor, idempotency_key, domain, change)
    except RequestRefused as refusal:
        record_refusal(refusal, actor=actor, host=host, domain_ref=domain_ref, domain=domain, asked=asked)
        raise


def find_domain(actor: Actor, host: str, domain_ref: str) -> Domain:
    """Find a domain by UUID or name among those the actor may see.

    Raises :class:`RequestRefused` (``host_not_found``, ``domain_not_found``). What one may not see is answered
    like what does not exist.
    """
    if not storable(host):
        raise _no_host(host)
    on_host = actor.sees().filter(host__slug=host).select_related("host")
    try:
        found = on_host.filter(uuid=UUID(domain_ref)).first()
    except ValueError:
        named = on_host.filter(name=domain_ref, gone_at=None)
        found = named.first() if storable(domain_ref) else None
    if found is None and not actor.knows_host(host):
        raise _no_host(host)
    if found is None:
        raise RequestRefused(
            Reason.DOMAIN_NOT_FOUND,
            f"Host {host} has no domain “{domain_ref[:260]}”, or you may not see it; see the fleet page.",
        )
    return found


def _no_host(host: str) -> RequestRefused:
    return RequestRefused(
        Reason.HOST_NOT_FOUND,
        f"There is no host “{host[:100]}”, or you may not see it; see the list of hosts.",
    )


def _submit(actor: Actor, key: str, domain: Domain, change: Change) -> Operation:
    def same(earlier: Operation) -> bool:
        return earlier.domain_id == domain.pk and Change.of(earlier) == change

    try:
        return submit(actor, key, same=same, decide=lambda: (domain, change))
    except IntegrityError as error:
        if Domain.objects.filter(pk=domain.pk).exists():
            raise
        removed = f"The host {domain.host.slug} was removed just now; nothing was asked of {domain.name}."
        raise RequestRefused(Reason.HOST_NOT_FOUND, removed) from error


def submit(
    actor: Actor, key: str, *, same: Callable[[Operation], bool], decide: Callable[[], tuple[Domain, Change]]
) -> Operation:
    """Store what is decided on as an operation, once for each key, and ring for a worker.

    ``same`` tells whether an operation came of this very request. ``decide`` gives the change and its domain, with
    ``host`` loaded; it is asked while nobody else can write, so what it finds still stands when the operation does.
    Raises :class:`RequestRefused` if that does, and as ``made_before`` does.
    """
    with transaction.atomic():
        revision = next_revision()
        operation = made_before(Operation, actor, key, same)
        if operation is not None:
            return operation
        domain, change = decide()
        operation = store(actor, domain, change, key=key, revision=revision)
    if operation.status == Status.QUEUED:
        doorbell.ring([domain.pk])
    return operation


def store(actor: Actor, domain: Domain, change: Change, *, key: str = "", revision: int) -> Operation:
    """Store an operation in a transaction that took this ``revision``; whoever commits it rings for a worker.

    One that meets an open one on its slots has failed already. ``host`` is loaded.
    """
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
        idempotency_key=key,
        before=maps_json(domain),
        after=maps_json(domain),
        created_at=datetime.now(UTC),
        revision=revision,
        **asdict(change),
    )
    Domain.objects.filter(pk=domain.pk).update(last_operation=operation)
    blocker = reserve(operation, domain, change)
    follows = {"undo_of": change.undo_of_id, "retry_of": change.retry_of_id}
    ledger.append("requested", {**facts.of_operation(operation, effects_of(operation)), **follows})
    publish(f"operation:{operation.pk}", revision)
    if blocker:
        collide(operation, blocker, revision=revision)
    return operation
