"""What the fleet is sorted and filtered by follows the slot maps and the operations, whoever writes them."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.db import connection

from domains.inventory.store import apply_gone
from domains.models import Domain, Operation
from tests.integration.web.factory import make_domain, make_host, make_operation, slot_map


def columns(domain: Domain | None = None):
    rows = Domain.objects.all() if domain is None else Domain.objects.filter(pk=domain.pk)
    return rows.order_by("pk").values_list("live_count", "config_count", "differs", "last_operation")


def test_readings_and_operations_bring_the_columns_along(desk):
    uuid = desk.guest()
    assert list(columns()) == [(4, 4, False, None)]
    first = desk.ask(uuid, "add", [5], "live")
    assert list(columns()) == [(5, 4, True, first.pk)]
    second = desk.ask(uuid, "add", [5], "config")
    assert list(columns()) == [(5, 5, False, second.pk)]
    desk.ask(uuid, "add", [6], "live", work=False)
    assert list(columns()) == [(5, 5, False, Operation.objects.latest("pk").pk)]
    desk.work()
    domain = Domain.objects.get()
    apply_gone(desk.host.pk, uuid, read_revision=domain.revision)
    assert next(iter(columns()))[:3] == (0, 5, False)


def test_a_side_that_is_not_there_counts_nothing_and_differs_from_nothing(any_database):
    host = make_host()
    off, transient = make_domain(host, live=None), make_domain(host, config=None)
    unlike = make_domain(host, live=slot_map(8, "0-2", ""))
    removable = make_domain(host, live=slot_map(8, "0-1,4-5", ""))
    assert [next(iter(columns(one)))[:3] for one in (off, transient, unlike, removable)] == [
        (0, 4, False),
        (4, 0, False),
        (3, 4, True),
        (4, 4, False),
    ]


def test_the_migration_fills_rows_that_are_there(any_database):
    domain, other = make_domain(make_host()), make_domain(make_host("hv2"), live=None)
    make_operation(domain, status="succeeded")
    newest = make_operation(domain, status="failed")
    Domain.objects.update(live_count=0, config_count=0, last_operation=None)
    migration = import_module("domains.migrations.0010_fleet")
    with connection.schema_editor() as editor:
        migration.count_slots(apps, editor)
        migration.note_operations(apps, editor)
    assert list(columns(domain)) == [(4, 4, False, newest.pk)]
    assert list(columns(other)) == [(0, 4, False, None)]
