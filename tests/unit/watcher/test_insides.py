from __future__ import annotations

import pytest

from domains.hypervisor.gateway import DomainReading, DomainState
from domains.vcpu.topology import Topology
from domains.watcher.insides import Insides


def reading(agent, state=DomainState.RUNNING):
    return DomainReading("a", "web01", state, True, None, None, Topology(8), agent=agent)


@pytest.fixture
def insides():
    return Insides(15.0)


def test_guest_is_asked_when_its_agent_connects_and_not_for_having_one(insides):
    seen = [insides.read(reading(agent)) for agent in (False, True, True, None, True)]
    assert seen == [False, True, False, False, True]
    assert not Insides(15.0).read(reading(True))  # it was there before anybody looked


def test_paused_guest_cannot_answer(insides):
    insides.read(reading(False))
    assert not insides.read(reading(True, DomainState.PAUSED))
    assert insides.due(100.0, {"a"}) == []
    assert insides.read(reading(True))


def test_open_guest_is_asked_at_once_and_then_from_time_to_time(insides):
    insides.read(reading(True))
    assert insides.due(100.0, {"a", "b"}) == ["a"]
    assert [insides.due(moment, {"a"}) for moment in (101.0, 114.9, 115.0)] == [[], [], ["a"]]
    assert insides.due(200.0, set()) == []
    insides.forget("a")
    assert insides.due(300.0, {"a"}) == []
