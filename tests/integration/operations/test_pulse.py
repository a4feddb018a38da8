"""One look at everything that is at work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.history.heads import Publisher
from domains.inventory import leases
from domains.models import HistoryEntry, Host, Lease, PublishedHead
from domains.models.revision import current_revision
from domains.operations.pulse_taking import take_pulse
from domains.push.beats import beat, forget
from tests.integration.history.tampering import change, drop_triggers, written
from tests.integration.web.factory import make_domain, make_host, make_operation

pytestmark = pytest.mark.usefixtures("any_database", "redis")
MINUTE = timedelta(seconds=60)


def ago(seconds):
    return datetime.now(UTC) - timedelta(seconds=seconds)


def queued(domain, seconds, **fields):
    return make_operation(domain, status="queued", created_at=ago(seconds), **fields)


def test_empty_installation_has_a_pulse():
    pulse = take_pulse()

    assert (pulse.hosts, pulse.queues, pulse.watchers, pulse.workers) == ((), (), 0, {})
    assert pulse.open == {"queued": 0, "running": 0, "waiting": 0, "unconfirmed": 0}
    assert (pulse.head.seq, pulse.head.published_age, pulse.head.unpublished) == (0, None, 0.0)


def test_hosts_tell_their_state_age_and_whether_they_are_watched():
    make_host("a", seen=5)
    make_host("b", state="unreachable", seen=500)
    make_host("c", enabled=False)
    Host.objects.create(slug="d", state="unreachable", state_since=ago(1))
    leases.acquire("host:a", "watcher-1", MINUTE)
    leases.acquire("host:b", "watcher-2", timedelta(0))  # over already
    leases.acquire("watcher:watcher-1", "watcher-1", MINUTE)
    leases.acquire("watcher:watcher-2", "watcher-2", timedelta(0))
    leases.acquire("sweep", "watcher-1", MINUTE)

    pulse = take_pulse()

    told = [(host.slug, host.state, host.watched) for host in pulse.hosts]
    assert told == [
        ("a", "connected", True),
        ("b", "unreachable", False),
        ("c", "paused", False),
        ("d", "unreachable", False),
    ]
    assert 5 <= pulse.lag < 60
    assert pulse.hosts[1].age >= 500
    assert pulse.hosts[3].age is None
    assert [host.slug for host in pulse.watched] == ["a", "b", "d"]
    assert pulse.watchers == 1


def test_given_up_lease_makes_no_watcher():
    fence = leases.acquire("watcher:watcher-1", "watcher-1", MINUTE)
    leases.release(fence)
    Lease.objects.update(expires_at=datetime.now(UTC) + MINUTE)  # its end alone does not say that it is held

    assert take_pulse().watchers == 0


def test_queues_tell_their_depth_and_what_only_lacks_a_worker():
    near, away = make_host("near"), make_host("away", state="unreachable", queue="far")
    guest, distant = make_domain(near), make_domain(away)
    queued(guest, 40)
    queued(guest, 10)
    queued(guest, 900, started_at=ago(800))  # put back: somebody had begun it
    queued(distant, 300)
    for status in ("running", "waiting", "waiting", "unconfirmed", "succeeded", "failed"):
        make_operation(make_domain(near, status), status=status)
    removed = make_host("removed")
    make_operation(make_domain(removed), status="unconfirmed")
    removed.delete()  # of that nothing comes any more

    pulse = take_pulse()

    (default, far) = pulse.queues
    assert (default.name, default.depth) == ("default", 3)
    assert {host.slug: host.due for host in pulse.hosts} == {"near": default.oldest, "away": 0.0}
    assert 40 <= default.oldest < 100
    assert (far.name, far.depth) == ("far", 1)
    assert far.oldest >= 300
    assert pulse.open == {"queued": 4, "running": 1, "waiting": 2, "unconfirmed": 1}
    assert pulse.revision == current_revision()


def test_workers_tell_what_they_serve_until_they_end():
    make_host("a")
    make_host("b", queue="far")
    beat("worker", "w1", {"queues": ["default"]}, 30)
    beat("worker", "w2", {"queues": ["default", "far"]}, 30)
    assert take_pulse().unserved == frozenset()

    forget("worker", "w2")
    pulse = take_pulse()
    assert (set(pulse.workers), pulse.unserved) == ({"w1"}, {"far"})


def test_without_redis_nothing_is_known_of_workers(redis_server):
    make_host("a")
    redis_server.stop()
    pulse = take_pulse()

    assert pulse.workers is None
    assert pulse.unserved == frozenset()


def test_head_is_unpublished_for_as_long_as_its_oldest_uncovered_entry(tmp_path):
    written(3)
    publisher = Publisher(tmp_path / "heads", interval=timedelta(0), entries=1)
    assert take_pulse().head.unpublished > 0
    publisher.publish()
    covered = take_pulse().head
    written(2)
    PublishedHead.objects.update(at=ago(86_401))  # by a clock that may be a moment ahead of the database's

    head = take_pulse().head

    assert (covered.seq, covered.published, covered.unpublished) == (3, 3, 0.0)
    assert (head.seq, head.published) == (5, 3)
    assert head.published_age >= 86_400
    assert 0 < head.unpublished < 86_400  # not since the last publication: nothing happened after that


def test_forged_time_of_an_entry_is_no_fault():
    written(1)
    drop_triggers()
    change(1, body='{"time":"yesterday"}')

    assert HistoryEntry.objects.get().time == "yesterday"
    assert take_pulse().head.unpublished == 0.0


def test_number_of_queries_does_not_grow():
    def queries():
        with CaptureQueriesContext(connection) as asked:
            take_pulse()
        return len(asked)

    make_host("h0")
    written(1)
    few = queries()
    for number in range(1, 20):
        host = make_host(f"h{number}", queue=f"q{number}")
        queued(make_domain(host), 5)
        leases.acquire(f"host:h{number}", "w", MINUTE)

    assert queries() == few <= 9
