"""Five hundred random requests to real guests and to simulated twins of them, side by side.

Both are driven through the whole write path, and mixed with what others do: changes by virsh, pauses, restarts. Twins
have to end alike, every time. Left out is what would try the machine instead of us: an emulated guest survives only as
many additions as it had free slots at boot, and a vCPU is not asked back before the guest has brought it online.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from domains.hypervisor.libvirt_gateway import open_gateway as open_libvirt
from domains.models import Operation
from domains.operations import doorbell, gateways
from tests.lab.posts import Post
from tests.lab.twins import MARKS, Walk
from tests.simulator import SimulatedHost
from tests.simulator import open_gateway as open_simulated

REQUESTS = 500


def open_either(uri, *, readonly, monitor=False):
    """Open the lab, or the file in which the twins exist: the socket's name tells which it is."""
    (socket,) = parse_qs(urlsplit(uri).query)["socket"]
    if socket.endswith("twins"):
        return open_simulated(f"simulated://{socket}", readonly=readonly, monitor=monitor)
    return open_libvirt(uri, readonly=readonly, monitor=monitor)


@pytest.fixture
def walk(lab, fresh_guests, fresh_database, redis, tmp_path, monkeypatch, settings):
    settings.GATEWAY = f"{__name__}.open_either"
    settings.SOCKET_DIRS = [str(tmp_path), str(lab.folders.run)]
    bells = []
    monkeypatch.setattr(doorbell, "ring", bells.extend)
    monkeypatch.setattr(doorbell, "look", lambda ids, **when: None)
    fresh_guests.bring(*MARKS)
    twins = SimulatedHost(tmp_path / "twins")
    twins.tune(unplug_timeout=0.05)
    (socket,) = parse_qs(urlsplit(lab.uri).query)["socket"]
    walk = Walk(lab, twins, Post("lab", socket, bells), Post("twins", twins.path, bells))
    for name in MARKS:
        walk.pair(name)
    yield walk
    fresh_guests.end()
    gateways._connections(settings.GATEWAY).close()
    gateways._connections.cache_clear()


def test_real_guests_and_their_twins_end_alike(walk):
    for _ in range(REQUESTS):
        walk.step()
    walk.settle()
    walk.check_end()
    statuses = set(Operation.objects.values_list("status", flat=True))
    assert {"succeeded", "failed"} <= statuses
