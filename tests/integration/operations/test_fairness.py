"""Hosts that freeze hold no other host's operations up: shown with a worker of four real processes."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from domains.hypervisor.errors import HostUnreachable
from domains.inventory import leases
from domains.models import Domain, HistoryEntry, Host, HostState, Operation, clock
from domains.operations import doorbell, inside, places
from domains.operations.sweep import sweep
from tests.integration.operations.pool import (
    PROCESSES,
    Fleet,
    calls,
    in_hand,
    looks,
    statuses,
    wait_for,
    worker,
)
from tests.waiting import LONG, wait_until


@pytest.fixture
def fleet(fresh_database, redis, settings, tmp_path):
    settings.SOCKET_DIRS = [str(tmp_path)]
    settings.WORKER_PROCESSES = PROCESSES
    return Fleet(tmp_path)


def kinds(number: int) -> list[str]:
    return list(HistoryEntry.objects.filter(operation=number).order_by("seq").values_list("kind", flat=True))


def test_silent_hosts_leave_a_process_to_those_that_answer(fleet, tmp_path):
    for slug in ("sick1", "sick2", "sick3", "well"):
        fleet.host(slug, guests=6 if slug == "well" else 3)
    fleet.freeze("sick1", "sick2", "sick3")
    fleet.silent("sick1", "sick2", "sick3")
    with worker(tmp_path), fleet.watched("well"):
        sick = [number for slug in ("sick1", "sick2", "sick3") for number in fleet.ask(slug)]
        wait_until(lambda: in_hand() == places.shared(), what="as many calls as may be held")
        well = fleet.ask("well")
        wait_for(well, "succeeded")
        sweep()
        wait_for(fleet.ask("well", vcpu=6), "succeeded")
        assert statuses(sick).count("running") == places.shared() == 3


def test_what_hosts_hold_that_do_not_answer_is_given_up(fleet, tmp_path):
    for slug in ("sick1", "sick2", "well"):
        fleet.host(slug, guests=4 if slug == "sick1" else 2)
    fleet.freeze("sick1", "sick2")
    with worker(tmp_path), fleet.watched("sick1", "sick2", "well"):
        sick = fleet.ask("sick1")
        wait_until(lambda: calls() == 3, what="as many calls as one host may have")
        sick += fleet.ask("sick2")
        wait_until(lambda: calls() == PROCESSES, what="a pool that is held")
        well = fleet.ask("well")
        fleet.unreachable("sick1", "sick2")
        wait_for(well, "succeeded")
        wait_until(
            lambda: statuses(sick).count("running") == PROCESSES and not in_hand(), what="free processes"
        )
        sweep()
        wait_for(sick, "running", "failed")
        refused = Operation.objects.filter(pk__in=sick, status="failed")
        assert set(refused.values_list("reason", flat=True)) == {"host_unreachable"}


def age(number: int) -> None:
    """Let the time pass after which nothing of a call can go on."""
    long_ago = Operation.objects.get(pk=number).created_at.replace(year=2020)
    operation = Operation.objects.get(pk=number)
    operation.effects.update(applied_at=long_ago)
    Host.objects.update(state=HostState.CONNECTED, state_since=long_ago)
    Operation.objects.filter(pk=number).update(lease_until=long_ago)


def test_a_call_that_was_given_up_is_settled_by_looking(fleet, tmp_path):
    fleet.host("sick", guests=1)
    fleet.freeze("sick")
    with worker(tmp_path):
        (number,) = fleet.ask("sick")
        wait_until(calls, what="the call")
        fleet.unreachable("sick")
        wait_until(lambda: Operation.objects.get(pk=number).worker == places.SETTLING, what="the end of it")
        assert kinds(number) == ["requested", "started"]
        fleet.thaw("sick")
        age(number)
        sweep()
        wait_for([number], "failed")
    operation = Operation.objects.get(pk=number)
    assert (operation.reason, operation.attempt) == ("interrupted", 2)
    assert kinds(number) == ["requested", "started", "settled"]


@pytest.mark.parametrize(("patient", "ending"), [(False, "failed"), (True, "put_back")])
def test_an_operation_that_asked_for_nothing_yet_ends_as_on_any_host_out_of_reach(
    fleet, tmp_path, patient, ending
):
    fleet.host("sick", guests=1)
    fleet.freeze("sick", reads=True)
    with worker(tmp_path):
        (number,) = fleet.ask("sick", queue_if_unreachable=patient)
        wait_until(lambda: in_hand(timedelta(seconds=1)), what="a reading that takes long")
        fleet.unreachable("sick")
        wait_until(lambda: len(kinds(number)) == 3, what="the end of it")
        assert kinds(number) == ["requested", "started", ending]
        wait_for([number], "queued" if patient else "failed")


def test_a_time_limit_ends_what_hangs_and_looking_settles_it(fleet, tmp_path):
    fleet.host("sick", guests=1)
    fleet.host("well", guests=1)
    fleet.freeze("sick")
    with worker(tmp_path, TESTS_TIME_LIMIT="2"), fleet.watched("well"):
        (number,) = fleet.ask("sick")
        wait_until(calls, what="the call")
        killed = int(Operation.objects.get(pk=number).worker.rsplit(":", 1)[1])
        wait_until(lambda: not _lives(killed), what="the end of the process")
        wait_for(fleet.ask("well"), "succeeded")
        assert statuses([number]) == ["running"]
        fleet.thaw("sick")
        age(number)
        sweep()
        wait_for([number], "failed")
    assert Operation.objects.get(pk=number).reason == "interrupted"
    assert kinds(number) == ["requested", "started", "settled"]


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_guests_that_are_asked_leave_a_process_to_operations(fleet, tmp_path):
    sick = [f"sick{number}" for number in range(PROCESSES + 1)]
    for slug in sick:
        fleet.host(slug, guests=1)
    fleet.host("well")
    fleet.freeze(*sick, reads=True)
    with worker(tmp_path), fleet.watched("well"):
        doorbell.look(Domain.objects.filter(host__slug__in=sick).values_list("pk", flat=True))
        wait_until(lambda: looks() == places.shared(), what="as many looks as may be held")
        wait_for(fleet.ask("well"), "succeeded")
        assert looks() == places.shared()


def test_guests_asked_at_the_same_moment_take_no_more_places_than_there_are(fleet, monkeypatch):
    """Each looks while the others have not taken theirs yet, unless they wait for one another."""
    for number in range(2 * PROCESSES):
        fleet.host(f"sick{number}", guests=1)
    together, over, asked, later = threading.Barrier(2 * PROCESSES), threading.Event(), [], []

    def silent(host):
        asked.append(host.slug)
        over.wait(LONG)
        raise HostUnreachable("It does not answer.")

    def look(domain):
        together.wait(LONG)
        try:
            inside.look(domain, doorbell.TRIES)
        finally:
            connection.close()

    def slowly():
        moment = clock.now()
        time.sleep(random.uniform(0, 0.3))  # noqa: S311  # those that began first are not the first to end
        return moment

    monkeypatch.setattr(leases, "now", slowly)
    monkeypatch.setattr(inside, "gateway_to", silent)
    monkeypatch.setattr(doorbell, "look", lambda domains, **_: later.extend(domains))
    with ThreadPoolExecutor(2 * PROCESSES) as threads:
        done = threads.map(look, list(Domain.objects.values_list("pk", flat=True)))
        try:
            wait_until(lambda: len(asked) + len(later) == 2 * PROCESSES, what="an answer to each")
            assert looks() == len(asked) == places.shared()
        finally:
            over.set()
        list(done)


def test_a_long_line_of_one_host_lets_another_one_pass_and_needs_no_sweep_to_move_on(fleet, tmp_path):
    fleet.host("busy", guests=24)
    fleet.host("well", guests=2)
    fleet.simulators["busy"].tune(write_delay=[0.5, 0.5])
    busy = fleet.ask("busy")
    with worker(tmp_path), fleet.watched("busy", "well"):
        wait_until(calls, what="the first call")
        wait_for(fleet.ask("well"), "succeeded")
        assert "queued" in statuses(busy)
        wait_for(busy, "succeeded")
