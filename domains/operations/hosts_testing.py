"""Asking for a connection test, which a watcher makes; of a host, or of what was typed and is not stored."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from domains.history import ledger
from domains.models import ConnectionTest, Host, clock
from domains.models.connectiontest import PATIENCE
from domains.models.revision import next_revision
from domains.operations.actor import Actor
from domains.operations.hosts_rules import ADDRESS, FieldsRefused, check_address, settings_of
from domains.operations.refused import RequestRefused
from domains.operations.text import stored
from domains.vcpu.reasons import Reason

MOST = 10  # under way at once: whoever may ask could otherwise have whole networks looked through


def ask_test(*, actor: Actor, host: Host) -> ConnectionTest:
    """Have a host's connection tested as it is stored. Raises :class:`RequestRefused` (``rate_limited``)."""
    fields = {name: getattr(host, name) for name in (*ADDRESS, "monitor")}
    return _ask(actor, ConnectionTest(host=host, slug=host.slug, queue=host.queue, **fields))


def ask_test_of(
    *, actor: Actor, slug: str, fields: Mapping[str, object], host: Host | None = None
) -> ConnectionTest:
    """Have a connection tested that is not stored; ``host`` is the one whose settings it would become.

    Raises :class:`FieldsRefused` for an address that is not allowed, or :class:`RequestRefused` (``rate_limited``).
    """
    queue = stored(str(fields.get("queue", ""))[:100])
    test = ConnectionTest(**{**fields, "queue": queue}, host=host, slug=stored(slug[:100]))
    if problems := check_address(test):
        raise FieldsRefused(problems)
    return _ask(actor, test)


def _ask(actor: Actor, test: ConnectionTest) -> ConnectionTest:
    with transaction.atomic():
        next_revision()  # one asker at a time, and no host is removed meanwhile
        if test.host and not Host.objects.filter(pk=test.host.pk).exists():
            raise RequestRefused(Reason.HOST_NOT_FOUND, f"The host {test.slug} was removed just now.")
        moment = clock.now()
        open_ones = ConnectionTest.objects.filter(ended_at=None, created_at__gt=moment - PATIENCE)
        if open_ones.count() >= MOST:
            raise RequestRefused(
                Reason.RATE_LIMITED,
                f"{MOST} connection tests are under way already; wait until one of them is answered.",
            )
        test.actor, test.created_at = actor.name, moment
        test.save(force_insert=True)
        ledger.append(
            "host_tested", {**actor.told(), "host": test.slug or None, "settings": settings_of(test)}
        )
    return test
