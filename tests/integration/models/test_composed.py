"""Queries that are composed once find what Django's own would, whatever they are asked with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import BigIntegerField, CharField, DateTimeField

from domains.models import Host
from domains.models.composed import Composed, Parameter

NOW = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)
SINCE = Composed(
    lambda: (
        Host.objects.filter(state_since__gte=Parameter("since", DateTimeField()), state="connected")
        .exclude(pk=Parameter("but", BigIntegerField()))
        .order_by("slug")
        .values_list("slug", "pk")
    )
)
ON = Composed(lambda: Host.objects.filter(queue=Parameter("queue", CharField())).values_list("pk"))


@pytest.fixture
def hosts(any_database):
    return [
        Host.objects.create(slug=slug, state="connected", state_since=NOW + timedelta(hours=hour))
        for hour, slug in enumerate("abc")
    ]


def test_each_call_asks_with_its_own_values(hosts):
    a, b, c = hosts
    assert SINCE(since=NOW, but=0) == [("a", a.pk), ("b", b.pk), ("c", c.pk)]
    assert SINCE(since=NOW + timedelta(minutes=1), but=c.pk) == [("b", b.pk)]
    assert SINCE(since=NOW + timedelta(days=1), but=0) == []


def test_it_gives_no_more_rows_than_wanted(hosts):
    assert SINCE(limit=2, since=NOW, but=hosts[0].pk) == [("b", hosts[1].pk), ("c", hosts[2].pk)]
    assert SINCE(limit=1, since=NOW, but=hosts[0].pk) == [("b", hosts[1].pk)]


def test_a_value_is_never_a_part_of_the_statement(hosts):
    assert ON(queue="default' OR '1'='1") == []
    assert len(ON(queue="default")) == 3


def test_a_value_that_is_missing_is_an_error(hosts):
    with pytest.raises(KeyError):
        SINCE(since=NOW)
