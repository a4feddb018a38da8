"""A host behind a network that loses everything for a while, and one on the same daemon that is reached without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import Redis

from domains.models import Domain, Host
from domains.watcher.pace import Pace
from lab.instance import Instance
from tests.integration.watcher.conftest import child_of, wait_for_host, watching
from tests.lab.relay import Relay
from tests.waiting import wait_until

PACE = replace(Pace(), unreachable=6.0, kill=12.0)


@pytest.fixture
def relay(lab: Instance) -> Iterator[Relay]:
    relay = Relay(lab.uri.partition("socket=")[2])
    yield relay
    relay.close()


def test_host_whose_packets_are_lost_is_shown_as_such_and_comes_back(
    fresh_database: str,
    redis: Redis,
    lab: Instance,
    lab_guest: Callable[[str], str],
    relay: Relay,
    settings,
) -> None:
    settings.ALLOW_TCP = True
    guest = lab.virsh("domuuid", lab_guest("batch01"))
    moment = datetime.now(UTC)
    near = Host.objects.create(slug="near", socket=lab.uri.partition("socket=")[2], state_since=moment)
    far = Host.objects.create(
        slug="far", transport="tcp", hostname="127.0.0.1", port=relay.port, state_since=moment
    )
    with watching(PACE) as watcher:
        wait_for_slots(guest, far, "0-1")
        wait_for_host(far, state="connected", last_seen__isnull=False)
        since = wait_for_host(near, state="connected").state_since
        before = child_of(watcher, far)
        relay.cut()
        wait_for_host(far, state="unreachable", last_error="The host does not answer.")
        wait_until(lambda: child_of(watcher, far) not in (None, before), what="another attempt, which hangs")
        lab.virsh("setvcpu", "batch01", "6", "--enable", "--config")
        wait_for_slots(guest, near, "0-1,6")
        assert Host.objects.get(pk=far.pk).state == "unreachable"
        relay.mend()
        wait_for_host(far, state="connected", last_error="")
        wait_for_slots(guest, far, "0-1,6")
        assert Host.objects.get(pk=near.pk).state_since == since


def wait_for_slots(guest: str, host: Host, present: str) -> None:
    """Wait until the inventory has the guest of this host so; both hosts show the same guests."""
    shown = Domain.objects.filter(uuid=guest, host=host, config__present=present)
    wait_until(shown.exists, what=f"{present} on {host}")
