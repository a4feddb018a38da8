"""What is pushed to the page of a batch, and to whom."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.models import BatchItem, Operation
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


def drawn(key, batch, audience="change"):
    topic = f"batch:{batch.pk}"
    rendered = render(key, audience, frozenset({topic}))
    assert rendered is not None
    return rendered.guest, rendered.fragments.get(topic, {})


def access(*patterns):
    return Access(frozenset(Scope(None, pattern) for pattern in patterns), frozenset())


def test_operation_gives_its_guests_row_and_the_summary_and_no_other_row(batch):
    operation = Operation.objects.earliest("pk")

    guest, parts = drawn(f"operation:{operation.pk}", batch)

    item = BatchItem.objects.get(operation=operation)
    assert guest.pk == operation.domain_id
    assert set(parts) == {f"item-{item.pk}", "batch-summary"}
    assert all(f'id="{element}"' in html for element, html in parts.items())
    assert "0 of 30" in parts["batch-summary"]


def test_a_summary_is_never_the_same_as_an_earlier_one(batch):
    operation = Operation.objects.earliest("pk")
    key = f"operation:{operation.pk}"
    first = drawn(key, batch)[1]["batch-summary"]

    Operation.objects.filter(pk=operation.pk).update(revision=operation.revision + 100)

    assert drawn(key, batch)[1]["batch-summary"] != first


def test_batch_that_stops_gives_the_rows_that_it_leaves_out(batch):
    assert set(drawn(f"batch:{batch.pk}", batch)[1]) == {"batch-summary"}
    control.cancel(Actor("os:root", "command"), batch.pk)

    guest, parts = drawn(f"batch:{batch.pk}", batch, "see")

    assert guest is None
    assert len(parts) == 1 + 28
    assert 'data-status="stopped"' in parts["batch-summary"]


def test_what_nobody_listens_to_is_not_drawn(batch):
    operation = Operation.objects.earliest("pk")

    assert render(f"batch:{batch.pk}", "see", frozenset({"fleet"})).fragments == {}
    assert "batch" not in str(
        render(f"operation:{operation.pk}", "see", frozenset({"fleet"})).fragments.keys()
    )
    assert render("batch:999", "see", frozenset()) is None


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
