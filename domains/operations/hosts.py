"""Hosts as an administrator adds, changes, pauses and removes them; each deed stands in the history with what it did."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from domains.history import ledger
from domains.models import Grant, Host, HostState, clock
from domains.models.revision import next_revision
from domains.operations import hosts_removal
from domains.operations.accounts_roles import revoked
from domains.operations.actor import Actor
from domains.operations.hosts_rules import (
    ADDRESS,
    FieldsRefused,
    HostChanged,
    fingerprint,
    problems_of,
    settings_of,
)
from domains.operations.refused import RequestRefused
from domains.operations.text import storable
from domains.push.stream import publish
from domains.vcpu.reasons import Reason

_SETTINGS = (*ADDRESS, "queue", "enabled", "monitor")
NOT_YET = "No watcher has looked at this host yet."


def add_host(*, actor: Actor, slug: str, fields: Mapping[str, object]) -> Host:
    """Make a host known; watchers and workers take it up by themselves.

    Raises :class:`FieldsRefused` (``invalid_request``) for a name that is taken or an address that is not allowed.
    """
    with transaction.atomic():
        revision = next_revision()
        host = Host(slug=slug, state_since=clock.now(), revision=revision, last_error=NOT_YET, **fields)
        _refuse(problems_of(host))
        host.save(force_insert=True)
        _record("host_added", actor, host)
        publish(f"host:{host.pk}", revision)
    return host


def change_host(*, actor: Actor, slug: str, fields: Mapping[str, object], base: str = "") -> bool:
    """Change what is set of a host. Says whether anything is another than before.

    ``base`` is the fingerprint of what the actor was shown; nothing is overwritten that they have not seen. Raises
    :class:`RequestRefused`: :class:`HostChanged`, or :class:`FieldsRefused`.
    """
    with transaction.atomic():
        revision = next_revision()
        host = _locked(slug)
        changed = {
            name: [getattr(host, name), value]
            for name, value in fields.items()
            if getattr(host, name) != value
        }
        if not changed:
            return False
        if base and base != fingerprint(host):
            raise HostChanged(host, fields)
        for name, value in fields.items():
            setattr(host, name, value)
        host.revision = revision
        _refuse(problems_of(host))
        host.save(update_fields=[*fields, "revision"])
        _record("host_changed", actor, host, changed=changed)
        publish(f"host:{host.pk}", revision)
    return True


def pause_host(*, actor: Actor, slug: str) -> bool:
    """Leave a host alone until it is resumed, whatever state it is in: nobody opens a connection to it.

    What is queued for it then fails with ``host_disabled``. Says whether it was not paused before. Raises
    :class:`RequestRefused`.
    """
    return _switch(actor, slug, "host_paused", enabled=False)


def resume_host(*, actor: Actor, slug: str) -> bool:
    """Have a paused host watched and changed again. Says whether it was paused. Raises :class:`RequestRefused`."""
    return _switch(actor, slug, "host_resumed", enabled=True)


def remove_host(*, actor: Actor, slug: str, force: bool = False) -> None:
    """Forget a host, what is known of its domains, and the roles that were given on it alone.

    Operations and history keep its name. No connection is made, so a host that hangs is removed like any other.
    Raises :class:`RequestRefused` while an operation on it has not ended, unless ``force`` says that those end now
    as :func:`hosts_removal.fate_of` tells beforehand.
    """
    with transaction.atomic():
        revision = next_revision()
        host = _locked(slug)
        busy = hosts_removal.under_way(host)
        if busy and not force:
            raise _invalid(hosts_removal.hindrance(host, busy))
        for operation in (*busy, *hosts_removal.unconfirmed(host)):
            hosts_removal.end(actor, operation, revision)
        grants = list(Grant.objects.filter(host=host).select_related("user", "group", "host"))
        publish(f"host:{host.pk}", revision)
        host.delete()
        for grant in grants:
            revoked(actor, grant)
        _record("host_removed", actor, host, ended=len(busy))


def find_host(slug: str) -> Host:
    """Give a host by its name. Raises :class:`RequestRefused` (``host_not_found``)."""
    return _one(Host.objects.all(), slug)


def _switch(actor: Actor, slug: str, kind: str, *, enabled: bool) -> bool:
    with transaction.atomic():
        revision = next_revision()
        host = _locked(slug)
        if host.enabled == enabled:
            return False
        host.enabled, host.revision = enabled, revision
        # One that no watcher has let go of yet is watched on, and nobody would say anew that it is connected.
        if enabled and host.state == HostState.PAUSED:
            host.state, host.state_since, host.last_error = HostState.UNREACHABLE, clock.now(), NOT_YET
        host.save(update_fields=["enabled", "state", "state_since", "last_error", "revision"])
        _record(kind, actor, host)
        publish(f"host:{host.pk}", revision)
    return True


def _locked(slug: str) -> Host:
    return _one(Host.objects.select_for_update(), slug)


def _one(hosts: QuerySet[Host], slug: str) -> Host:
    host = hosts.filter(slug=slug).first() if storable(slug) else None
    if host is None:
        raise RequestRefused(
            Reason.HOST_NOT_FOUND, f"There is no host “{slug[:100]}”; see the list of hosts."
        )
    return host


def _refuse(problems: dict[str, str]) -> None:
    if problems:
        raise FieldsRefused(problems)


def _record(kind: str, actor: Actor, host: Host, **more: object) -> None:
    ledger.append(kind, {**actor.told(), "host": host.slug, "settings": settings_of(host, _SETTINGS), **more})


def _invalid(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.INVALID_REQUEST, sentence)
