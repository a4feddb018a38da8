"""Hosts as an administrator adds, changes and removes them; each change stands in the history with what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from django.core.exceptions import ValidationError
from django.db import transaction

from domains.history import ledger
from domains.hypervisor.address import AddressError, HostAddress
from domains.models import Grant, Host, Operation, Status, clock
from domains.models.revision import next_revision
from domains.operations.accounts import revoked
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.push.stream import publish
from domains.vcpu.reasons import Reason

_ADDRESS = ("driver", "transport", "hostname", "username", "port", "path", "socket", "credential")
_TYPED = ("slug", "queue")  # the others are checked as an address, or can only be true or false
_UNDER_WAY = (Status.QUEUED, Status.RUNNING, Status.WAITING)
_SETTINGS = (*_ADDRESS, "queue", "enabled", "monitor")


def fields_of(address: HostAddress) -> dict[str, object]:
    """Give an address as the fields of a host."""
    fields = asdict(address)
    return {"username": fields.pop("user"), **fields}


def add_host(*, actor: Actor, slug: str, fields: Mapping[str, object]) -> Host:
    """Make a host known; watchers and workers take it up by themselves.

    Raises :class:`RequestRefused` (``invalid_request``) for a name that is taken or an address that is not allowed.
    """
    with transaction.atomic():
        revision = next_revision()
        host = Host(slug=slug, state_since=clock.now(), revision=revision, **fields)
        _check(host)
        host.save(force_insert=True)
        _record("host_added", actor, host)
        publish(f"host:{host.pk}", revision)
    return host


def change_host(*, actor: Actor, slug: str, fields: Mapping[str, object]) -> bool:
    """Change what is set of a host. Says whether anything is another than before. Raises :class:`RequestRefused`."""
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
        for name, value in fields.items():
            setattr(host, name, value)
        host.revision = revision
        _check(host)
        host.save(update_fields=[*fields, "revision"])
        _record("host_changed", actor, host, changed=changed)
        publish(f"host:{host.pk}", revision)
    return True


def remove_host(*, actor: Actor, slug: str) -> None:
    """Forget a host, what is known of its domains, and the roles that were given on it alone.

    Operations and history keep its name. Raises :class:`RequestRefused` while an operation on it has not ended.
    """
    with transaction.atomic():
        revision = next_revision()
        host = _locked(slug)
        busy = Operation.objects.filter(host=host, status__in=_UNDER_WAY).first()
        if busy:
            raise _invalid(
                f"Operation {busy.pk} on {slug} has not ended yet; wait for it, cancel it or stop waiting for it."
            )
        grants = list(Grant.objects.filter(host=host).select_related("user", "group", "host"))
        publish(f"host:{host.pk}", revision)
        host.delete()
        for grant in grants:
            revoked(actor, grant)
        _record("host_removed", actor, host)


def _locked(slug: str) -> Host:
    host = Host.objects.select_for_update().filter(slug=slug).first()
    if host is None:
        raise RequestRefused(Reason.HOST_NOT_FOUND, f"There is no host “{slug[:100]}”; see host list.")
    return host


def _check(host: Host) -> None:
    try:
        host.uri()
        host.clean_fields(exclude=[field.name for field in Host._meta.fields if field.name not in _TYPED])
        host.validate_unique()
    except AddressError as error:
        raise _invalid(error.sentence) from error
    except ValidationError as error:
        raise _invalid(" ".join(error.messages)) from error


def _record(kind: str, actor: Actor, host: Host, **more: object) -> None:
    settings = {name: getattr(host, name) for name in _SETTINGS}
    ledger.append(kind, {**actor.told(), "host": host.slug, "settings": settings, **more})


def _invalid(sentence: str) -> RequestRefused:
    return RequestRefused(Reason.INVALID_REQUEST, sentence)
