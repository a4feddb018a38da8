"""Connection tests of a real libvirt daemon: what it tells of itself, which drivers it lacks, and while it is frozen."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from domains.hypervisor.errors import HostUnreachable
from domains.hypervisor.libvirt_gateway import open_gateway
from domains.hypervisor.openings import Obstacle
from domains.models import ConnectionTest
from domains.models.clock import now
from domains.watcher.pace import Pace
from lab.instance import Instance
from tests.integration.watcher.conftest import watching
from tests.waiting import wait_until

Ask = Callable[..., ConnectionTest]


@pytest.fixture
def ask(fresh_database: str, redis: Redis, lab: Instance) -> Iterator[Ask]:
    """Have connections to the lab's daemon tested by a watcher at its own pace."""

    def answered(**fields: object) -> ConnectionTest:
        socket = lab.uri.partition("socket=")[2]
        test = ConnectionTest.objects.create(socket=socket, actor="ada", created_at=now(), **fields)
        done = ConnectionTest.objects.filter(pk=test.pk, ended_at__isnull=False)
        wait_until(done.exists, what="an answer")
        return done.get()

    with watching(Pace()):
        yield answered


def test_daemon_tells_what_it_is_by_each_of_its_drivers(ask: Ask, lab: Instance) -> None:
    real = ask(driver="qemu", path="system", monitor=True)
    assert (real.answer, real.found["hypervisor"]) == ("connected", "QEMU")
    assert real.found["specific"] is True
    assert real.found["domains"] == len(lab.virsh("list", "--all", "--name").split())
    assert real.found["round_trip"] > 0
    counting = ask(driver="test", path="default")
    assert (counting.answer, counting.found["specific"]) == ("connected", False)
    assert counting.found["libvirt_version"] == real.found["libvirt_version"]


def test_driver_that_the_daemon_lacks_is_told_as_that(lab: Instance) -> None:
    with pytest.raises(HostUnreachable) as caught:
        open_gateway(lab.uri.replace("qemu", "xen", 1), readonly=False)
    assert caught.value.obstacle is Obstacle.NO_DRIVER


def test_frozen_daemon_does_not_answer(ask: Ask, lab: Instance) -> None:
    daemon = lab.process_of("libvirtd")
    os.kill(daemon, signal.SIGSTOP)
    try:
        assert ask(driver="qemu", path="system").answer == "no_answer"
    finally:
        os.kill(daemon, signal.SIGCONT)
