from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domains.hypervisor.address import HostAddress
from domains.hypervisor.gateway import HostReading
from domains.inventory import hosts
from domains.inventory.hosts import Answer
from domains.inventory.leases import Fence, LeaseLost, acquire
from domains.models import Host
from domains.models.clock import now

READING = HostReading(12_008_000, "QEMU", 11_001_002, 2, specific=True, asynchronous=True)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def host() -> Host:
    return Host.objects.create(slug="lab", socket="/run/slotboard/sock", state_since=LONG_AGO)


@pytest.fixture
def fence() -> Fence:
    fence = acquire("host:lab", "one", timedelta(minutes=1))
    assert fence
    return fence


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    keys: list[str] = []
    monkeypatch.setattr(hosts, "publish", lambda key, revision: keys.append(key))
    return keys


def test_connected_keeps_what_the_host_says_and_publishes_it(
    host: Host, fence: Fence, published: list[str]
) -> None:
    hosts.unreachable(host.pk, "It does not answer.", fence)
    hosts.connected(host.pk, READING, fence)
    host.refresh_from_db()
    assert (host.state, host.last_error, host.libvirt_version) == ("connected", "", 12_008_000)
    assert (host.cpus, host.asynchronous) == (2, True)
    assert host.state_since > LONG_AGO
    assert host.last_seen == host.state_since
    assert published == [f"host:{host.pk}"] * 2


def test_what_a_read_only_connection_cannot_ask_stays_known(host: Host, fence: Fence) -> None:
    for specific, known in ((False, False), (None, False), (True, True), (None, True)):
        hosts.connected(host.pk, replace(READING, specific=specific), fence)
        host.refresh_from_db()
        assert host.specific is known


def test_state_since_and_revision_change_only_with_what_is_shown(
    host: Host, fence: Fence, published: list[str]
) -> None:
    hosts.connected(host.pk, READING, fence)
    before = Host.objects.get(pk=host.pk)
    hosts.connected(host.pk, READING, fence, 1.5)
    hosts.seen({host.pk: Answer(0, 2.5)})
    after = Host.objects.get(pk=host.pk)
    assert (after.state_since, after.revision) == (before.state_since, before.revision)
    assert after.last_seen > before.last_seen
    assert after.round_trip == 2.5
    assert len(published) == 1


def test_another_sentence_is_shown_but_does_not_restart_the_clock(host: Host, fence: Fence) -> None:
    hosts.unreachable(host.pk, "One.", fence)
    first = Host.objects.get(pk=host.pk)
    hosts.unreachable(host.pk, "Two.", fence)
    second = Host.objects.get(pk=host.pk)
    assert second.last_error == "Two."
    assert second.state_since == first.state_since == LONG_AGO
    assert second.revision > first.revision


def test_repeating_that_a_host_is_unreachable_writes_nothing(
    host: Host, fence: Fence, django_assert_num_queries
) -> None:
    hosts.unreachable(host.pk, "One.", fence)
    with django_assert_num_queries(1):
        hosts.unreachable(host.pk, "One.", fence)


@pytest.mark.parametrize(("age", "state"), [(60, "unreachable"), (1, "connected"), (None, "unreachable")])
def test_connected_host_that_nobody_saw_lately_is_doubted(
    host: Host, fence: Fence, age: int | None, state: str
) -> None:
    seen = None if age is None else now() - timedelta(seconds=age)
    Host.objects.update(state="connected", last_seen=seen)
    hosts.unreachable_unless_seen(host.pk, 10, fence)
    host.refresh_from_db()
    assert host.state == state


def test_host_removed_meanwhile_is_no_error(host: Host, fence: Fence) -> None:
    Host.objects.all().delete()
    hosts.connected(host.pk, READING, fence)
    hosts.seen({host.pk: Answer(0, 2.5)})
    hosts.unreachable(host.pk, "One.", fence)
    assert not Host.objects.exists()


def test_nothing_is_written_under_a_lost_lease(host: Host, fence: Fence) -> None:
    old = Fence(fence.name, fence.holder, fence.epoch - 1)
    Host.objects.update(state="connected", last_seen=LONG_AGO)
    for write in (
        lambda: hosts.connected(host.pk, READING, old),
        lambda: hosts.unreachable(host.pk, "One.", old),
        lambda: hosts.unreachable_unless_seen(host.pk, 10, old),
        lambda: hosts.paused(host.pk, old),
    ):
        with pytest.raises(LeaseLost):
            write()
    host.refresh_from_db()
    assert (host.state, host.last_seen, host.cpus) == ("connected", LONG_AGO, None)


def test_assignments_hold_all_but_hosts_that_are_paused_already(host: Host) -> None:
    Host.objects.create(slug="off", enabled=False, state="paused", state_since=LONG_AGO)
    switched_off = Host.objects.create(slug="going", enabled=False, state="connected", state_since=LONG_AGO)
    address = HostAddress(socket="/run/slotboard/sock")
    assert hosts.assignments() == [
        hosts.Assignment(switched_off.pk, "going", HostAddress(), enabled=False, monitor=False),
        hosts.Assignment(host.pk, "lab", address, enabled=True, monitor=False),
    ]
