"""Statements that are written once read and store what Django's own would."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domains.models import Domain, Host, statements

NOW = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)
MAP = {"max": 8, "present": "0-3", "removable": "2-3"}


@pytest.fixture
def rows(any_database):
    host = Host.objects.create(slug="sim", state="connected", state_since=NOW)
    return [
        Domain.objects.create(
            host=host, uuid=uuid4(), name=name, live=MAP, agent=True, guest_at=NOW, synced_at=NOW, revision=1
        )
        for name in ("web02", "web01")
    ]


def values(row):
    return {field.attname: getattr(row, field.attname) for field in Domain._meta.concrete_fields}


def test_rows_are_read_as_django_reads_them(rows):
    row = rows[0]
    (found,) = statements.select(Domain, host=row.host_id, uuid=row.uuid)
    assert values(found) == values(Domain.objects.get(pk=row.pk))
    assert found.live == MAP


def test_rows_come_in_the_models_order(rows):
    assert [row.name for row in statements.select(Domain, host=rows[0].host_id)] == ["web01", "web02"]
    assert statements.select(Domain, pk=rows[0].pk, name="web01") == []


def test_a_field_may_have_any_of_several_values(rows):
    named = ("web01", "web02", "web03")
    assert [row.name for row in statements.select(Domain, name=named)] == ["web01", "web02"]
    assert [row.name for row in statements.select(Domain, name=("web02",), pk=rows[0].pk)] == ["web02"]
    assert statements.select(Domain, name=("web03", "web04")) == []


def test_the_first_row_is_the_oldest(rows):
    first = statements.first(Domain, host=rows[0].host_id)
    assert first is not None
    assert values(first) == values(Domain.objects.get(name="web02"))
    assert statements.first(Domain, name="web03") is None


def test_it_is_told_whether_rows_exist(rows):
    assert statements.exists(Domain, name="web01", agent=True)
    assert not statements.exists(Domain, name="web01", agent=False)


def test_what_is_stored_is_what_django_would_have_stored(rows):
    row, untouched = rows
    changed = {"live": None, "config": MAP, "agent": None, "gone_at": NOW, "name": "wéb 03", "revision": 2}
    assert statements.update(Domain, changed, pk=row.pk, revision=1) == 1
    assert {name: getattr(Domain.objects.get(pk=row.pk), name) for name in changed} == changed
    assert Domain.objects.get(live__isnull=True) == row  # null in the database, not JSON's
    assert values(Domain.objects.get(pk=untouched.pk)) == values(untouched)


def test_a_row_that_was_written_meanwhile_stays_as_it_is(rows):
    assert statements.update(Domain, {"name": "late"}, pk=rows[0].pk, revision=7) == 0
    assert Domain.objects.filter(name="late").count() == 0


def test_only_the_named_fields_of_a_row_are_stored(rows):
    row = rows[0]
    row.name, row.run, row.revision = "web09", 5, 9
    statements.save(row, "name", "run")
    stored = Domain.objects.get(pk=row.pk)
    assert (stored.name, stored.run, stored.revision) == ("web09", 5, 1)
