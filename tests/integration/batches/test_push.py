"""What is pushed to the page of a batch, and to whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.models import Batch, BatchItem, Operation
from domains.models.scope import Scope
from domains.operations.actor import Actor
from domains.operations.batches import choose, control
from domains.operations.batches.request import Choice, request_batch
from domains.push.missed import changed_since
from domains.web.fragments import render
from domains.web.listening import Access
from tests.integration.web.factory import make_domain, make_host


@pytest.fixture
def batch(db):
    host = make_host()
    for number in range(30):
        make_domain(host, f"web{number:02}")
    actor = Actor("os:root", "command")
    return request_batch(actor, Choice(choose.by_match(actor, "*"), {}), {"action": "add", "parallel": 2})


TABS = {"tab-all", "tab-failed", "tab-open", "tab-done", "tab-left"}
NUMBERS = {"batch-summary"} | TABS


def numbers(parts):
    return {name.removeprefix("tab-"): int(re.search(r">(\d+)<", parts[name])[1]) for name in TABS}


def drawn(key, batch, audience="change"):
    topic = f"batch:{batch.pk}"
    rendered = render(key, audience, frozenset({topic}))
    assert rendered is not None
    return rendered.guest, rendered.fragments.get(topic, {})


def access(*patterns):
    return Access(frozenset(Scope(None, pattern) for pattern in patterns), frozenset())


def test_operation_gives_its_guests_row_and_the_numbers_and_no_other_row(batch):
    operation = Operation.objects.earliest("pk")

    guest, parts = drawn(f"operation:{operation.pk}", batch)

    item = BatchItem.objects.get(operation=operation)
    assert guest.pk == operation.domain_id
    assert set(parts) == {f"item-{item.pk}"} | NUMBERS
    assert all(f'id="{element}"' in html for element, html in parts.items())
    assert "0 of 30" in parts["batch-summary"]
    assert numbers(parts) == {"all": 30, "failed": 0, "open": 30, "done": 0, "left": 0}


def test_numbers_of_the_tabs_follow_what_becomes_of_the_guests(batch):
    done, failed = Operation.objects.order_by("pk")[:2]
    for operation, status in ((done, "succeeded"), (failed, "failed")):
        revision = operation.revision + 100
        over = {"status": status, "finished_at": datetime.now(UTC), "revision": revision}
        Operation.objects.filter(pk=operation.pk).update(**over)

    parts = drawn(f"operation:{done.pk}", batch)[1]

    assert numbers(parts) == {"all": 30, "failed": 1, "open": 28, "done": 1, "left": 0}


def test_no_number_is_ever_drawn_the_same_as_earlier(batch):
    operation = Operation.objects.earliest("pk")
    key = f"operation:{operation.pk}"
    first = drawn(key, batch)[1]

    Operation.objects.filter(pk=operation.pk).update(revision=operation.revision + 100)

    second = drawn(key, batch)[1]
    assert [name for name in NUMBERS if second[name] == first[name]] == []


def test_batch_that_stops_gives_the_rows_that_it_leaves_out(batch):
    assert set(drawn(f"batch:{batch.pk}", batch)[1]) == NUMBERS
    control.cancel(Actor("os:root", "command"), batch.pk)

    guest, parts = drawn(f"batch:{batch.pk}", batch, "see")

    assert guest is None
    assert len(parts) == len(NUMBERS) + 28
    assert numbers(parts) == {"all": 30, "failed": 30, "open": 0, "done": 0, "left": 0}
    assert 'data-status="stopped"' in parts["batch-summary"]


def test_what_nobody_listens_to_is_not_drawn(batch):
    operation = Operation.objects.earliest("pk")

    assert render(f"batch:{batch.pk}", "see", frozenset({"fleet"})).fragments == {}
    assert "batch" not in str(
        render(f"operation:{operation.pk}", "see", frozenset({"fleet"})).fragments.keys()
    )
    assert render("batch:999", "see", frozenset()) is None


def test_lists_are_told_that_some_batch_has_moved_and_nothing_of_it(batch):
    operation = Operation.objects.earliest("pk")

    def sign(key):
        rendered = render(key, "see", frozenset({"batches"}))
        return rendered.guest, rendered.fragments["batches"]

    (guest, by_operation), (nobody, by_batch) = sign(f"operation:{operation.pk}"), sign(f"batch:{batch.pk}")
    assert guest.pk == operation.domain_id  # so that only those hear of it who see that guest
    assert nobody is None
    revision = Batch.objects.get(pk=batch.pk).revision
    assert by_batch == {"batches-moved": f'<i id="batches-moved" data-at="{revision}" hidden></i>'}
    Operation.objects.filter(pk=operation.pk).update(revision=operation.revision + 100)
    assert sign(f"operation:{operation.pk}")[1] != by_operation


def test_an_operation_is_drawn_with_as_many_queries_in_a_large_batch(batch):
    actor = Actor("os:root", "command")
    host = make_host("hv2")
    for number in range(3):
        make_domain(host, f"db{number}")
    small = request_batch(actor, Choice(choose.by_match(actor, "db*"), {}), {"action": "add", "parallel": 1})

    def queries(one):
        operation = Operation.objects.filter(batch=one).earliest("pk")
        with CaptureQueriesContext(connection) as captured:
            drawn(f"operation:{operation.pk}", one)
        return len(captured)

    assert queries(batch) == queries(small)


def test_only_who_sees_every_guest_may_listen(batch):
    topic = f"batch:{batch.pk}"

    assert access("*").may_subscribe({topic})
    assert access("web0*", "web[", "web1*", "web2*").may_subscribe({topic})
    assert not access("web0*", "web1*", "web2[").may_subscribe({topic})
    assert not any(access("*").may_subscribe({f"batch:{name}"}) for name in ("999", "x", "", "-1"))


def test_batch_that_was_not_announced_is_found_by_its_revision(batch):
    upto, _ = changed_since(0)
    control.cancel(Actor("os:root", "command"), batch.pk)

    assert f"batch:{batch.pk}" in changed_since(upto)[1]
