"""A simulated host with several guests, batches of which are worked off by hand."""

from __future__ import annotations

import pytest

from domains.models import BatchItem, Domain
from domains.operations.batches import choose
from domains.operations.batches.outcome import outcome_of
from domains.operations.batches.request import Choice, preview, request_batch
from tests.integration.operations.conftest import Desk, make_desk


class BatchDesk(Desk):
    """The desk of the write path, with batches."""

    def guests(self, *names, **options):
        return {name: self.guest(name, **options) for name in names}

    def choice(self, pattern="*", actor=None, **more):
        domains = choose.by_match(actor or self.actor, pattern)
        return Choice(domains=domains, how={"match": pattern}, **more)

    def plan(self, pattern="*", *, actor=None, **asked):
        found = preview(actor or self.actor, self.choice(pattern, actor), asked)
        return {one.domain.name: (str(one.state), one.words, str(one.reason)) for one in found}

    def run(self, pattern="*", *, actor=None, work=True, key="", choice=None, **asked):
        asking = actor or self.actor
        batch = request_batch(asking, choice or self.choice(pattern, asking), asked, idempotency_key=key)
        if work:
            self.work()
            batch.refresh_from_db()
        return batch

    def outcomes(self, batch):
        items = BatchItem.objects.filter(batch=batch).select_related("operation")
        return {item.domain_name: outcome_of(item) for item in items}

    def live(self, name):
        domain = Domain.objects.get(name=name)
        return sorted(self.simulator.truth(str(domain.uuid))["live"].present)


@pytest.fixture
def desk(fresh_database, redis, tmp_path, monkeypatch, settings):
    return make_desk(BatchDesk, tmp_path, monkeypatch, settings)


@pytest.fixture
def any_desk(any_database, redis, tmp_path, monkeypatch, settings):
    """The desk on both databases."""
    return make_desk(BatchDesk, tmp_path, monkeypatch, settings)
