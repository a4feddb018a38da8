"""Somebody who sees thousands of domains finds what is about them, and the database is told none of their UUIDs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from django.db import transaction

from domains.history import ledger
from domains.history.search import Filters, count, entries, find, page
from domains.models import Domain, HistoryEntry, HistoryLine, Operation
from domains.operations.sight import sight_of
from tests.integration.web.factory import make_host, make_user

pytestmark = pytest.mark.usefixtures("any_database")
MANY = 3000


@pytest.fixture
def domains(any_database):
    """Web servers and databases by turns on one host, and each tenth of them once more on another."""
    hv1, hv2, _ = make_host(), make_host("hv2"), make_host("hv3")
    kept = {"revision": 0, "synced_at": datetime.now(UTC)}
    rows = [
        Domain(host=hv1, uuid=uuid.uuid4(), name=f"{('web', 'db')[n % 2]}{n:04}", **kept) for n in range(MANY)
    ]
    rows += [Domain(host=hv2, uuid=row.uuid, name=f"old-{row.name}", **kept) for row in rows[::10]]
    return Domain.objects.bulk_create(rows, batch_size=500)


@pytest.fixture
def history(domains):
    """Entries about some of them, about domains that nobody knows, and about none."""
    about = [(row.host.slug, {"name": row.name, "uuid": str(row.uuid)}) for row in domains[::45]]
    about += [("hv1", {"name": "web", "uuid": odd}) for odd in (str(uuid.uuid4()), "no UUID", "", None)]
    about += [("gone", about[0][1]), (None, None)]
    for host, domain in about:
        for actor in ("mara", "otto"):
            told = {"actor": actor, "door": "page", "host": host, "status": "refused"}
            with transaction.atomic():
                ledger.append("refused", told | ({"domain": domain} if domain else {}))


@pytest.fixture
def mara():
    return make_user("mara", "viewer", pattern="web*")


def naively(rows) -> list[int]:
    seen = {
        (row.host.slug, str(row.uuid))
        for row in Domain.objects.select_related("host")
        if row.name.startswith("web")
    }
    return [
        row.seq
        for row in rows.order_by("-seq")
        if (row.host, row.domain_uuid) in seen or (row.domain_uuid is None and row.actor == "mara")
    ]  # fmt: skip


def test_many_domains_are_seen_as_a_look_at_each_row_sees_them(history, mara):
    seen = sight_of(mara).entries()
    expected = naively(HistoryLine.objects.all())
    assert 60 < len(expected) < HistoryLine.objects.count() / 1.5
    found = find(Filters(), seen)
    assert [line.seq for line in found] == expected
    assert [line.seq for line in page(found, before=expected[9], size=20).lines] == expected[10:30]
    assert count(found, cap=1000) == len(expected)
    assert [entry.seq for entry in entries(found)] == expected[::-1]
    assert [entry.seq for entry in HistoryEntry.objects.filter(seen)] == naively(HistoryEntry.objects.all())
    assert list(find(Filters(host="gone"), seen)) == []


def test_no_domain_is_a_parameter(history, mara):
    seen = sight_of(mara).entries()
    for rows in (HistoryLine.objects.filter(seen), HistoryEntry.objects.filter(seen)):
        assert len(rows.query.sql_with_params()[1]) < 10


def test_domain_counts_by_the_name_that_it_has_now(history, mara):
    before = naively(HistoryLine.objects.all())
    Domain.objects.filter(name="web0000").update(name="left")
    Domain.objects.filter(name="db0045").update(name="web-came")
    now = [line.seq for line in HistoryLine.objects.filter(sight_of(mara).entries())]
    assert now == naively(HistoryLine.objects.all())
    assert len(set(before) - set(now)) == len(set(now) - set(before)) == 2


def test_hosts_and_operations_are_those_of_the_domains(domains, mara):
    sight = sight_of(mara)
    assert sight.hosts(most=9) == ["hv1"]
    web, db, twin = domains[0], domains[1], domains[MANY]
    covered = [
        sight.covers(Operation(host_slug=row.host.slug, domain_uuid=row.uuid)) for row in (web, db, twin)
    ]
    assert covered == [True, False, False]
