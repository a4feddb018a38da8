"""How operations ended and how soon their effects were seen is counted as it happens."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import transaction

from domains.models import Confirmation, Effect, Operation, Outcome
from domains.models.tally import BOUNDS, count_confirmations, count_outcome
from domains.operations import control
from domains.operations.actor import Actor
from domains.vcpu.slots import Side
from tests.integration.web.factory import make_domain, make_host, make_operation

ME = Actor("os:root", "command")


def outcomes():
    return {(o.action, o.status, o.reason): o.count for o in Outcome.objects.all()}


def seen():
    found: dict[tuple[str, str], int] = {}
    for row in Confirmation.objects.all():
        found[row.action, row.side] = found.get((row.action, row.side), 0) + row.count
    return found


def test_each_end_is_counted_with_its_action_status_and_reason(desk):
    uuid = desk.guest()
    desk.ask(uuid, "add", 4)
    desk.ask(uuid, "add", 5)
    desk.ask(uuid, "add", 5)
    control.cancel(ME, desk.ask(uuid, "remove", 5, work=False).pk, note="")

    assert outcomes() == {
        ("add", "succeeded", ""): 2,
        ("add", "failed", "already_present"): 1,
        ("remove", "cancelled", ""): 1,
    }
    assert seen() == {("add", "live"): 2, ("add", "config"): 2}


def test_request_that_collides_is_counted_once(desk):
    uuid = desk.guest()
    desk.ask(uuid, "add", 5, work=False)
    desk.ask(uuid, "add", 5, work=False)

    assert outcomes() == {("add", "failed", "operation_open"): 1}


def test_refused_removal_that_lands_after_all_has_failed_and_succeeded(desk):
    uuid = desk.guest()
    desk.host.monitor = True
    desk.host.save()
    desk.simulator.guest(uuid, "refuses")
    removal = desk.ask(uuid, "remove", 3, "live")
    assert (removal.status, seen()) == ("failed", {})

    desk.simulator.foreign_set(uuid, 3, False, Side.LIVE)
    desk.look(uuid)

    assert Operation.objects.get(pk=removal.pk).status == "succeeded"
    assert outcomes() == {("remove", "failed", "guest_refused"): 1, ("remove", "succeeded", ""): 1}
    assert seen() == {("remove", "live"): 1}


def test_what_does_not_end_is_not_counted(desk):
    uuid = desk.guest()
    desk.simulator.guest(uuid, "waits")
    waiting = desk.ask(uuid, "remove", 3)
    control.stop_waiting(ME, waiting.pk, note="")

    assert (outcomes(), seen()) == ({}, {})


def test_unit_counts_each_of_its_slots(desk):
    uuid = desk.guest("power01", maximum=16, present="0-7", removable="4-7", unit_size=4)
    desk.ask(uuid, "add", "8-11", "live")

    assert seen() == {("add", "live"): 4}


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (0.05, 0), (0.051, 1), (1800.0, 11), (1800.1, 12)])
def test_span_belongs_to_the_first_bound_it_does_not_exceed(any_database, seconds, bucket):
    with transaction.atomic():
        count_confirmations("add", "live", seconds)
        count_confirmations("add", "live", seconds, effects=2)

    row = Confirmation.objects.get()
    assert (row.bucket, row.count, row.seconds) == (bucket, 3, pytest.approx(3 * seconds))


def test_undone_transaction_counts_nothing(any_database):
    count_outcome("add", "failed", "domain_busy")
    with transaction.atomic():
        count_outcome("add", "failed", "domain_busy")
        transaction.set_rollback(True)

    assert outcomes() == {("add", "failed", "domain_busy"): 1}


def test_counting_begins_with_what_the_operations_came_to_before(any_database):
    began = datetime.now(UTC) - timedelta(hours=1)
    domain = make_domain(make_host())
    done = make_operation(domain, status="succeeded", created_at=began)
    make_operation(domain, status="failed", reason="guest_refused", action="remove")
    make_operation(domain, status="waiting")
    made = {"domain": domain, "operation": done, "step": 1, "target": "present", "state": "done"}
    Effect.objects.create(vcpu=4, side="live", settled_at=began + timedelta(seconds=0.07), **made)
    Effect.objects.create(vcpu=4, side="config", settled_at=began + timedelta(seconds=4000), **made)
    Effect.objects.create(vcpu=5, side="config", settled_at=began + timedelta(seconds=5000), **made)
    Outcome.objects.all().delete()

    migration = importlib.import_module("domains.migrations.0014_tallies")
    migration.count_what_was(apps, SimpleNamespace())

    assert outcomes() == {("add", "succeeded", ""): 1, ("remove", "failed", "guest_refused"): 1}
    rows = {(c.side, c.bucket): (c.count, round(c.seconds, 6)) for c in Confirmation.objects.all()}
    assert rows == {("live", 1): (1, 0.07), ("config", len(BOUNDS)): (2, 9000.0)}
