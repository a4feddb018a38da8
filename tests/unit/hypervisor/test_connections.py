from __future__ import annotations

import subprocess
import sys

import pytest

from domains.hypervisor.connections import Connections
from domains.hypervisor.errors import ChangeRejected, ConnectionLost, HostUnreachable
from domains.vcpu.slots import Side
from tests import simulator
from tests.simulator import SimulatedHost


@pytest.fixture
def host(tmp_path) -> SimulatedHost:
    return SimulatedHost(tmp_path / "host.sqlite3")


@pytest.fixture
def connections() -> Connections:
    return Connections(simulator.open_gateway)


def test_connection_is_opened_once_per_kind(host, connections):
    first = connections.gateway_for(host.uri)
    assert connections.gateway_for(host.uri) is first
    assert connections.gateway_for(host.uri, monitor=True) is not first
    assert connections.gateway_for(host.uri, readonly=True) is not first


def test_broken_connection_is_opened_anew(host, connections):
    uuid = host.add_domain("web01")
    host.tune(reachable=False)
    with pytest.raises(HostUnreachable):
        connections.gateway_for(host.uri)
    host.tune(reachable=True)
    broken = connections.gateway_for(host.uri)
    host.tune(reachable=False)
    with pytest.raises(ConnectionLost), connections.using(host.uri) as gateway:
        gateway.read_domain(uuid)
    host.tune(reachable=True)
    with connections.using(host.uri) as fresh:
        assert fresh is not broken
        assert fresh.read_domain(uuid).name == "web01"


def test_refused_change_keeps_the_connection(host, connections):
    uuid = host.add_domain("web01")
    with pytest.raises(ChangeRejected), connections.using(host.uri) as gateway:
        gateway.set_slots(uuid, frozenset({0}), present=True, side=Side.LIVE)
    assert connections.gateway_for(host.uri) is gateway


FORK = """
import os, sys
from domains.hypervisor.connections import Connections
from tests import simulator

connections = Connections(simulator.open_gateway)
parents = connections.gateway_for(sys.argv[1])
child = os.fork()
if child == 0:
    mine = connections.gateway_for(sys.argv[1])
    connections.close()
    os._exit(0 if mine is not parents and not mine.alive else 1)
assert os.waitpid(child, 0)[1] == 0
assert parents.alive
assert connections.gateway_for(sys.argv[1]) is parents
"""


def test_forked_child_opens_its_own_and_leaves_its_parents_alone(host):
    command = [sys.executable, "-W", "ignore", "-c", FORK, host.uri]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_close_ends_what_is_open(host, connections):
    gateway = connections.gateway_for(host.uri)
    connections.close()
    assert not gateway.alive
    assert connections.gateway_for(host.uri) is not gateway
