"""Places of a host: who gets one, who is rung for when one is free, and how many bells a long line causes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domains.models import Domain, Host, HostState, Operation, Status
from domains.operations import claim, doorbell, endings, places, sweep
from domains.operations.actor import Actor
from domains.operations.request import request_change
from tests.integration import simulated
from tests.simulator import SimulatedHost


@pytest.fixture
def line(desk, monkeypatch, settings):
    """Queue an operation for each of six guests of a host with room for two; give their domains in that order."""
    settings.CHANGES_PER_HOST, settings.WORKER_PROCESSES = 2, 4
    monkeypatch.setattr(sweep, "FORGOTTEN", timedelta(0))
    names = [desk.guest(f"web{number}") for number in range(6)]
    for uuid in reversed(names):
        desk.ask(uuid, "add", 5, work=False)
    desk.bells.clear()
    return list(Operation.objects.order_by("pk").values_list("domain", flat=True))


def begin(*domains):
    return [claim.claim(domain) for domain in domains]


def end(claimed):
    """End an operation in hand without a call."""
    endings.fail(claimed, endings.Reason.HYPERVISOR_ERROR)
    doorbell.ring(endings.waiting_domains(Operation.objects.get(pk=claimed.operation_id).domain_id))


def test_a_host_has_no_more_operations_in_hand_than_it_may(line):
    assert [bool(claimed) for claimed in begin(*line)] == [True, True, False, False, False, False]


def test_whoever_ends_rings_for_the_oldest_in_line(line, desk):
    first, second = begin(line[3], line[1])
    end(first)
    assert desk.bells == [line[0]]
    assert claim.claim(line[0])
    desk.bells.clear()
    end(second)
    assert desk.bells == [line[2]]


def test_places_that_become_free_together_are_all_rung_for(line, desk):
    first, second = begin(line[0], line[1])
    endings.fail(first, endings.Reason.HYPERVISOR_ERROR)
    end(second)
    assert desk.bells == [line[2], line[3]]


def test_a_broken_call_gives_its_place_back_and_is_rung_for(line, desk):
    domain = Domain.objects.get(pk=line[0])
    desk.simulator.lose_connection(str(domain.uuid), executed=False)
    desk.bells.append(line[0])
    desk.work()
    assert set(Operation.objects.exclude(domain=line[0]).values_list("status", flat=True)) == {"succeeded"}
    broken = Operation.objects.get(domain=line[0])
    assert (broken.status, broken.worker) == ("running", places.SETTLING)


def test_the_sweep_rings_for_as_many_as_there_are_places(line, desk):
    sweep.sweep()
    assert desk.bells == line[:2]


def test_a_domain_with_an_operation_under_way_takes_nobodys_place_in_the_line(line, desk):
    for _ in range(3):
        desk.ask(str(Domain.objects.get(pk=line[0]).uuid), "add", 6, work=False)
    begin(line[0])
    desk.bells.clear()
    sweep.sweep()
    assert desk.bells == line[1:3]


def test_the_sweep_rings_for_all_that_a_host_out_of_reach_lets_fail(line, desk):
    Host.objects.update(state=HostState.UNREACHABLE)
    sweep.sweep()
    assert desk.bells == line
    desk.work()
    assert set(Operation.objects.values_list("status", flat=True)) == {"failed"}


def test_what_waits_for_a_place_is_rung_for_at_the_hosts_new_queue(line, monkeypatch):
    sent = []
    monkeypatch.undo()
    monkeypatch.setattr(sweep, "FORGOTTEN", timedelta(0))
    monkeypatch.setattr(
        doorbell.current_app._get_current_object(),
        "send_task",
        lambda *_, args, queue, **__: sent.append((args[0], queue)),
    )
    Host.objects.update(queue="rack-2")
    sweep.sweep()
    assert sent[:1] == [(line[0], "rack-2")]


@pytest.fixture
def slow(desk, settings, tmp_path):
    """Give three hosts, each with an operation in hand for a minute, and a fourth with one that queues."""
    settings.WORKER_PROCESSES, settings.CHANGES_PER_HOST = 4, 3
    asked = []
    for number in range(4):
        simulator = SimulatedHost(tmp_path / f"host{number}")
        host = simulated.host_row(simulator, f"host{number}")
        uuid = simulator.add_domain("web")
        simulated.look(host, uuid)
        asked.append(
            request_change(
                actor=Actor("os:root", "command"),
                host=host.slug,
                domain_ref=uuid,
                asked={"action": "add", "vcpu": 5, "affect": "live"},
            )
        )
    begin(*(operation.domain_id for operation in asked[:3]))
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    Operation.objects.filter(status=Status.RUNNING).update(claimed_at=long_ago)
    return asked[3]


def seen(operation, **ago):
    Host.objects.filter(pk=operation.host_id).update(last_seen=datetime.now(UTC) - timedelta(**ago))


def test_a_host_that_answers_gets_a_process_although_slow_ones_hold_their_share(slow):
    seen(slow, seconds=1)
    assert claim.claim(slow.domain_id)


def test_a_silent_host_gets_none_beyond_the_share_of_the_slow(slow):
    seen(slow, seconds=30)
    assert claim.claim(slow.domain_id) is None
    Operation.objects.filter(status=Status.RUNNING).update(claimed_at=datetime.now(UTC))
    assert claim.claim(slow.domain_id)  # for those that hold a process since just now are not slow


def test_slow_hosts_of_another_queue_do_not_count(slow):
    seen(slow, seconds=30)
    Host.objects.filter(pk=slow.host_id).update(queue="rack-2")
    assert claim.claim(slow.domain_id)


def test_a_host_out_of_reach_needs_no_place_to_fail(slow):
    seen(slow, seconds=30)
    Host.objects.filter(pk=slow.host_id).update(state=HostState.UNREACHABLE)
    assert claim.claim(slow.domain_id)


@pytest.mark.parametrize(("processes", "share"), [(2, 1), (3, 2), (4, 3), (8, 6), (32, 24)])
def test_the_slow_never_share_the_whole_pool(settings, processes, share):
    settings.WORKER_PROCESSES = processes
    assert places.shared() == share


def test_whoever_waits_for_a_host_out_of_reach_is_not_rung_for_by_those_that_fail(line, desk):
    Host.objects.update(state=HostState.UNREACHABLE)
    Operation.objects.filter(domain=line[1]).update(queue_if_unreachable=True)
    desk.bells.append(line[0])
    desk.work()
    statuses = dict(Operation.objects.values_list("domain", "status"))
    assert statuses.pop(line[1]) == "queued"
    assert set(statuses.values()) == {"failed"}
    assert not Operation.objects.get(domain=line[1]).attempt
