"""Asking for connection tests: what becomes a row and an entry, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from domains.models import ConnectionTest, HistoryEntry
from domains.models.clock import now
from domains.operations import hosts
from domains.operations.actor import Actor
from domains.operations.hosts_rules import FieldsRefused
from domains.operations.hosts_testing import MOST, ask_test, ask_test_of
from domains.operations.refused import RequestRefused
from tests.integration.web.factory import make_host

ADA = Actor("ada", "page")


def entries(kind: str) -> list[dict]:
    return [json.loads(entry.body) for entry in HistoryEntry.objects.filter(kind=kind).order_by("seq")]


def test_host_that_is_removed_meanwhile_is_not_tested(any_database):
    host = make_host()
    hosts.remove_host(actor=ADA, slug="hv1")
    host.pk = 1  # as whoever asks has read it a moment ago
    for ask in (ask_test, partial(ask_test_of, slug="hv1", fields=TestTesting.FIELDS)):
        with pytest.raises(RequestRefused, match="was removed just now"):
            ask(actor=ADA, host=host)
    assert not ConnectionTest.objects.exists()


@pytest.mark.django_db
class TestTesting:
    FIELDS = {"transport": "ssh", "hostname": "rack1.example.org", "username": "slotboard"}

    def test_test_of_a_host_is_a_row_and_an_entry(self):
        host = make_host(transport="tls", hostname="rack1.example.org", monitor=True)
        test = ask_test(actor=ADA, host=host)
        assert (test.host, test.slug, test.hostname, test.monitor) == (host, "hv1", "rack1.example.org", True)
        (entry,) = entries("host_tested")
        assert (entry["actor"], entry["host"], entry["settings"]["transport"]) == ("ada", "hv1", "tls")

    def test_test_of_what_was_typed_needs_no_host(self):
        test = ask_test_of(actor=ADA, slug="", fields=self.FIELDS)
        assert (test.host, test.uri()) == (None, "qemu+ssh://slotboard@rack1.example.org/system?no_tty=1")
        assert entries("host_tested")[0]["host"] is None

    def test_address_that_is_not_allowed_is_refused_by_field(self):
        with pytest.raises(FieldsRefused) as caught:
            ask_test_of(actor=ADA, slug="x", fields={**self.FIELDS, "username": "-oProxyCommand=sh"})
        assert list(caught.value.problems) == ["username"]
        assert not ConnectionTest.objects.exists()

    def test_only_so_many_at_once(self):
        for _ in range(MOST):
            ask_test_of(actor=ADA, slug="x", fields=self.FIELDS)
        with pytest.raises(RequestRefused, match="under way already"):
            ask_test_of(actor=ADA, slug="x", fields=self.FIELDS)
        ConnectionTest.objects.update(created_at=now() - timedelta(minutes=2))
        ask_test_of(actor=ADA, slug="x", fields=self.FIELDS)
