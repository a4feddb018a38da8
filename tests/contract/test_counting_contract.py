"""Drivers that only count: the simulated one does what libvirt's own test driver does, which needs no lab."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from domains.hypervisor import libvirt_gateway
from domains.hypervisor.errors import AgentUnavailable, ChangeRejected, DomainNotFound, GatewayError
from domains.vcpu.reasons import Reason
from domains.vcpu.slots import Side
from tests import simulator
from tests.contract.conftest import UNKNOWN
from tests.simulator import SimulatedHost

LIVE, CONFIG = Side.LIVE, Side.CONFIG
UUID = "3f5a5ee8-1a2b-4c3d-8e4f-0a1b2c3d4e5f"
OFF = "4f5a5ee8-1a2b-4c3d-8e4f-0a1b2c3d4e5f"
NODE = f"""<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
<domain type='test'><name>counted01</name><uuid>{UUID}</uuid><memory>1024</memory>
<vcpu current='2'>8</vcpu><os><type>hvm</type></os></domain>
<domain type='test'><name>counted02</name><uuid>{OFF}</uuid><memory>1024</memory>
<vcpu current='2'>8</vcpu><os><type>hvm</type></os><test:runstate>5</test:runstate></domain></node>"""


@pytest.fixture(params=["simulated", "real"])
def opened(request, tmp_path) -> Iterator[partial]:
    """Give the function that opens a connection to a counting host with one running guest and one shut off."""
    if request.param == "simulated":
        host = SimulatedHost(tmp_path / "host.sqlite3")
        host.tune(specific=False)
        host.add_domain("counted01", identity=UUID)
        host.add_domain("counted02", identity=OFF, running=False)
        yield partial(simulator.open_gateway, host.uri)
    else:
        node = tmp_path / "node.xml"
        node.write_text(NODE)
        yield partial(libvirt_gateway.open_gateway, f"test://{node}")


@pytest.fixture
def gateway(opened):
    gateway = opened(readonly=False)
    yield gateway
    gateway.close()


def test_counting_driver_says_that_it_cannot_choose(opened, gateway):
    before = gateway.read_domain(UUID)
    assert gateway.can_choose(UUID) is False
    assert (gateway.read_host().specific, gateway.read_host().asynchronous) == (False, False)
    assert gateway.read_domain(UUID).live == before.live
    readonly = opened(readonly=True)
    assert readonly.read_host().specific is None
    with pytest.raises(GatewayError) as caught:
        readonly.can_choose(UUID)
    assert caught.value.code == 29
    readonly.close()


def test_count_fills_from_below_and_leaves_the_other_side(gateway):
    gateway.set_count(UUID, 5, side=LIVE)
    after = gateway.read_domain(UUID)
    assert (after.live.present, after.config.present) == ({0, 1, 2, 3, 4}, {0, 1})
    gateway.set_count(UUID, 3, side=LIVE)
    gateway.set_count(UUID, 4, side=CONFIG)
    after = gateway.read_domain(UUID)
    assert (after.live.present, after.config.present) == ({0, 1, 2}, {0, 1, 2, 3})
    gateway.set_count(OFF, 1, side=CONFIG)
    assert gateway.read_domain(OFF).config.present == {0}


@pytest.mark.parametrize(
    ("uuid", "count", "side", "code", "reason"),
    [
        (UUID, 0, LIVE, 8, Reason.HYPERVISOR_ERROR),
        (UUID, 9, LIVE, 8, Reason.HYPERVISOR_ERROR),
        (UUID, 9, CONFIG, 8, Reason.HYPERVISOR_ERROR),
        (OFF, 3, LIVE, 55, Reason.DOMAIN_NOT_RUNNING),
    ],
)
def test_impossible_count_is_rejected_and_changes_nothing(gateway, uuid, count, side, code, reason):
    before = gateway.read_domain(uuid)
    with pytest.raises(ChangeRejected) as caught:
        gateway.set_count(uuid, count, side=side)
    assert (caught.value.code, caught.value.reason) == (code, reason)
    after = gateway.read_domain(uuid)
    assert (after.live, after.config) == (before.live, before.config)


def test_named_slot_is_more_than_such_a_driver_can(gateway):
    with pytest.raises(ChangeRejected) as caught:
        gateway.set_slots(UUID, frozenset({5}), present=True, side=LIVE)
    assert (caught.value.code, caught.value.reason) == (3, Reason.SPECIFIC_UNSUPPORTED)


def test_such_a_driver_has_no_way_to_the_guest(gateway):
    for call in (
        lambda: gateway.read_guest(UUID),
        lambda: gateway.set_online(UUID, frozenset({1}), online=False),
    ):
        with pytest.raises(AgentUnavailable) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (3, Reason.AGENT_UNAVAILABLE)


def test_unknown_domain_is_found_by_no_call(gateway):
    for call in (
        lambda: gateway.can_choose(UNKNOWN),
        lambda: gateway.set_count(UNKNOWN, 2, side=LIVE),
        lambda: gateway.read_guest(UNKNOWN),
        lambda: gateway.set_online(UNKNOWN, frozenset({1}), online=True),
    ):
        with pytest.raises(DomainNotFound):
            call()


def test_statistics_tell_the_state_alone(gateway):
    row = next(row for row in gateway.read_statistics() if row.uuid == UUID)
    assert (row.state, row.current, row.present, row.cpu_time) == ("running", None, None, None)
    assert row.libvirt_id is not None
    assert gateway.read_domain(UUID).cpu_time is None
