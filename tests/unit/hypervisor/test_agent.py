from __future__ import annotations

from types import SimpleNamespace

import libvirt  # noqa: TID251 - the doubles answer with libvirt's own errors
import pytest

from domains.hypervisor import agent
from domains.hypervisor.errors import (
    AgentUnavailable,
    ChangeRejected,
    ConnectionLost,
    DomainNotFound,
    GatewayError,
)
from domains.hypervisor.gateway import GuestReading
from domains.vcpu.reasons import Reason
from tests.unit.hypervisor.doubles import Answering, Failure

RUNNING, PAUSED, SHUTOFF = libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_SHUTOFF


def domain(answer: object, *, state: int = RUNNING) -> SimpleNamespace:
    return SimpleNamespace(
        guestVcpus=Answering(answer),
        setGuestVcpus=Answering(answer),
        state=Answering([state, 0]),
        isActive=Answering(int(state != SHUTOFF)),
    )


def test_guest_is_read_in_its_own_numbers():
    told = {"vcpus": "0-3,7", "online": "0,7", "offlinable": "1-3,7"}
    expected = GuestReading(frozenset({0, 1, 2, 3, 7}), frozenset({0, 7}), frozenset({1, 2, 3, 7}))
    assert agent.read_guest(domain(told)) == expected
    assert agent.read_guest(domain({"vcpus": "0", "online": "0"})).offlinable == frozenset()


def test_answer_that_is_no_list_is_an_error():
    with pytest.raises(GatewayError, match="no list of CPUs"):
        agent.read_guest(domain({"vcpus": "all", "online": "0", "offlinable": ""}))


def test_none_is_the_bindings_way_of_failing():
    connection = libvirt.open("test:///default")
    with pytest.raises(AgentUnavailable) as caught:
        agent.read_guest(connection.lookupByName("test"))
    assert caught.value.code == libvirt.VIR_ERR_NO_SUPPORT
    connection.close()


@pytest.mark.parametrize(
    ("code", "reading", "online", "offline"),
    [
        (74, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE),
        (86, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE),
        (97, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE),
        (112, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE),
        (3, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE, Reason.AGENT_UNAVAILABLE),
        (113, Reason.AGENT_UNAVAILABLE, Reason.HYPERVISOR_ERROR, Reason.NOT_OFFLINABLE),
        (84, Reason.HYPERVISOR_ERROR, Reason.HYPERVISOR_ERROR, Reason.NOT_OFFLINABLE),
        (9, Reason.HYPERVISOR_ERROR, Reason.HYPERVISOR_ERROR, Reason.NOT_OFFLINABLE),
        (1, Reason.HYPERVISOR_ERROR, Reason.HYPERVISOR_ERROR, Reason.NOT_OFFLINABLE),
        (8, Reason.HYPERVISOR_ERROR, Reason.HYPERVISOR_ERROR, Reason.HYPERVISOR_ERROR),
        (88, Reason.HYPERVISOR_ERROR, Reason.HYPERVISOR_ERROR, Reason.HYPERVISOR_ERROR),
    ],
)
def test_failure_has_its_reason(code, reading, online, offline):
    failing = domain(Failure(code, "the agent's words"))
    cpus = frozenset({1})
    for call, reason in (
        (lambda: agent.read_guest(failing), reading),
        (lambda: agent.set_online(failing, cpus, online=True), online),
        (lambda: agent.set_online(failing, cpus, online=False), offline),
    ):
        with pytest.raises(GatewayError) as caught:
            call()
        assert (caught.value.reason, caught.value.code) == (reason, code)
        assert caught.value.text == "the agent's words"
        assert isinstance(caught.value, AgentUnavailable) is (reason is Reason.AGENT_UNAVAILABLE)


def test_change_that_fails_is_a_rejection():
    for online in (True, False):
        with pytest.raises(ChangeRejected):
            agent.set_online(domain(Failure(8)), frozenset({99}), online=online)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (PAUSED, Reason.GUEST_PAUSED),
        (SHUTOFF, Reason.DOMAIN_NOT_RUNNING),
        (libvirt.VIR_DOMAIN_PMSUSPENDED, Reason.AGENT_UNAVAILABLE),
        (RUNNING, Reason.AGENT_UNAVAILABLE),
    ],
)
def test_not_running_is_told_by_the_domains_state(state, reason):
    stopped = domain(Failure(55, "domain is not running"), state=state)
    for call in (
        lambda: agent.read_guest(stopped),
        lambda: agent.set_online(stopped, frozenset({1}), online=False),
    ):
        with pytest.raises(AgentUnavailable) as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (55, reason)


def test_lost_connection_and_lost_domain_stay_what_they_are():
    for online in (True, False):
        with pytest.raises(ConnectionLost):
            agent.set_online(domain(Failure(1, origin=7)), frozenset({1}), online=online)
    with pytest.raises(ConnectionLost):
        agent.read_guest(domain(Failure(38, origin=13)))
    with pytest.raises(DomainNotFound):
        agent.read_guest(domain(Failure(42)))


def test_cpus_are_named_in_one_call():
    asked = domain(0)
    agent.set_online(asked, frozenset({1, 2, 3, 5}), online=False)
    assert asked.setGuestVcpus.calls == [("1-3,5", 0)]
