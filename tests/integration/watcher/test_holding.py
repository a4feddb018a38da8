"""One watcher's part of the hosts, with the other watchers played by the test."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.inventory import leases
from domains.models import Host, Lease
from domains.watcher.holding import AT_ONCE, STUCK, Holding
from domains.watcher.hostwatch import HostWatch
from domains.watcher.session import Heard
from tests.integration.watcher.conftest import HASTE
from tests.waiting import LONG, wait_until

MINUTE = timedelta(minutes=1)


class Idle(HostWatch):
    """A watch without a process: it has its host until it is told to end."""

    def _watch(self) -> None:
        self.heard_at = None
        self._stopping.wait(LONG)

    @property
    def heard(self) -> Heard | None:
        return Heard(self.heard_at, 1.5) if self.heard_at else None


@pytest.fixture
def holding(folder, monkeypatch):
    monkeypatch.setattr("domains.watcher.holding.HostWatch", Idle)
    made = Holding("me", HASTE, lambda: ())
    yield made
    made.stop()
    for watch in made.watches.values():
        watch.join(LONG)


def hosts(number: int, name: str = "hv") -> None:
    moment = datetime.now(UTC)
    slugs = [f"{name}{n}" for n in range(number)]
    Host.objects.bulk_create(Host(slug=slug, socket=f"/no/{slug}", state_since=moment) for slug in slugs)


def another(name: str, *slugs: str) -> None:
    for lease in (f"watcher:{name}", *(f"host:{slug}" for slug in slugs)):
        assert leases.acquire(lease, name, MINUTE)


def queries_of_a_turn(holding: Holding) -> int:
    holding._kept = 0.0  # so that leases are due to be prolonged
    with CaptureQueriesContext(connection) as queries:
        holding.turn()
    return len(queries)


def test_cost_of_a_turn_does_not_grow_with_the_hosts_that_others_have(holding):
    hosts(2)
    another("one", "hv0", "hv1")
    holding.turn()
    few = queries_of_a_turn(holding)
    Host.objects.all().delete()
    hosts(100)
    another("two", *(f"hv{n}" for n in range(2, 100)))
    Lease.objects.filter(name__in=["host:hv0", "host:hv1"]).update(holder="two")
    leases.release(leases.Fence("watcher:one", "one", 1))
    leases.forget("watcher:one", timedelta())
    assert queries_of_a_turn(holding) == few
    assert not holding.watches


def test_cost_of_a_turn_does_not_grow_with_the_hosts_that_are_held(holding):
    hosts(1)
    holding.turn()
    few = queries_of_a_turn(holding)
    hosts(20, "more")
    holding.turn()
    assert len(holding.watches) == 21
    assert queries_of_a_turn(holding) == few


def test_everything_is_taken_while_no_other_lives_and_a_few_are_handed_over_to_a_newcomer(holding):
    hosts(10)
    holding.turn()
    assert len(holding.watches) == 10
    another("new")
    holding.turn()
    assert sum(watch.stopping for watch in holding.watches.values()) == AT_ONCE
    wait_until(lambda: sum(watch.is_alive() for watch in holding.watches.values()) == 10 - AT_ONCE)
    for _ in range(3):
        holding.turn()
    assert len(holding.watches) == 10 - AT_ONCE  # the newcomer has yet to take those that are free
    Lease.objects.filter(name="watcher:new").update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    holding.turn()
    assert len(holding.watches) == 10  # it never came


def test_watch_that_is_stuck_loses_its_host(holding):
    hosts(2)
    holding.turn()
    stuck = holding.watches[Host.objects.get(slug="hv0").pk]
    before = dict(Lease.objects.values_list("name", "expires_at"))
    stuck.moved -= HASTE.lease.total_seconds()
    holding._kept = 0.0
    holding.turn()
    after = dict(Lease.objects.values_list("name", "expires_at"))
    assert {name for name in after if after[name] > before[name]} == {"host:hv1", "watcher:me"}


def test_host_that_another_has_taken_is_given_up_and_not_shown_as_seen(holding):
    hosts(1)
    holding.turn()
    (watch,) = holding.watches.values()
    Lease.objects.filter(name="host:hv0").update(holder="another", epoch=9)
    watch.heard_at = watch.moved
    holding._kept = 0.0
    holding.turn()
    assert watch.stopping
    watch.join(LONG)
    assert Host.objects.get().last_seen is None
    assert Lease.objects.get(name="host:hv0").holder == "another"


def test_hosts_that_answered_are_noted_as_seen_when_they_were(holding):
    hosts(3)
    holding.turn()
    first, second, silent = (holding.watches[host.pk] for host in Host.objects.order_by("slug"))
    first.heard_at, second.heard_at, silent.heard_at = first.moved, first.moved - 20, None
    holding._kept = first.moved - 30
    holding.turn()
    seen = dict(Host.objects.values_list("slug", "last_seen"))
    assert seen["hv2"] is None
    assert set(Host.objects.values_list("round_trip", flat=True)) == {1.5, None}
    assert seen["hv0"] - seen["hv1"] == timedelta(seconds=20)
    assert timedelta() <= datetime.now(UTC) - seen["hv0"] < MINUTE


def test_lost_presence_is_taken_again_and_leaves_nothing_behind(holding):
    Lease.objects.create(name="watcher:old", holder="old", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    holding.turn()
    assert set(Lease.objects.values_list("name", flat=True)) == {"watcher:me"}
    Lease.objects.all().delete()
    holding._kept = 0.0
    holding.turn()
    assert leases.living("watcher:") == {"watcher:me": "me"}
    holding.leave()
    assert not Lease.objects.exists()


@pytest.fixture
def deaf(monkeypatch):
    """Watches that do not notice that they are told to end, and so do not give their hosts back."""
    freed = threading.Event()

    def stay(watch: Idle) -> None:
        watch.heard_at = None
        freed.wait(LONG)

    monkeypatch.setattr(Idle, "_watch", stay)
    yield
    freed.set()


def test_host_of_a_stuck_watch_is_taken_though_everybody_has_a_share(holding, deaf):
    hosts(4)
    another("other", "hv2", "hv3")
    holding.turn()
    assert len(holding.watches) == 2
    stuck = holding.watches[Host.objects.get(slug="hv0").pk]
    Lease.objects.filter(name="host:hv0").update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    stuck.moved -= STUCK
    holding._kept = 0.0

    holding.turn()

    anew = holding.watches[stuck.assignment.id]
    assert Lease.objects.get(name="host:hv0", expires_at__gt=datetime.now(UTC)).epoch == anew.fence.epoch == 2
    assert stuck.stopping
    anew.moved -= STUCK
    assert stuck.is_alive()
    holding.turn()
    assert holding.watches[stuck.assignment.id] is anew  # one is enough
