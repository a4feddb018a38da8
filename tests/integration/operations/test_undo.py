"""Undoing: round trips through the write path, with the simulated host as the judge."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.models import Domain, HistoryEntry, Operation
from domains.operations import control, doorbell
from domains.operations.followups import retry, undo
from domains.operations.refused import RequestRefused
from domains.operations.representation import operation_json
from domains.operations.standing import standing_of
from domains.vcpu.slots import Side
from tests.integration import simulated
from tests.integration.operations.conftest import Desk
from tests.integration.operations.followups import present, refusal, undone
from tests.simulator import SimulatedHost
from tests.waiting import LONG


def test_addition_is_undone_and_the_undoing_undone(desk, guest):
    added = desk.ask(guest, "add", [5])
    back = undone(desk, added, note="T-1")
    assert (back.status, back.action, back.vcpu, back.affect) == ("succeeded", "remove", [5], "both")
    assert (back.undo_of, back.note, back.pk) == (added, "T-1", added.pk + 1)
    assert present(desk, guest) == [[0, 1, 2, 3]] * 2

    again = undone(desk, back)
    assert (again.action, again.vcpu, again.undo_of) == ("add", [5], back)
    assert present(desk, guest) == [[0, 1, 2, 3, 5]] * 2
    assert [refusal(undo, desk.actor, one.pk)[0] for one in (added, back)] == ["not_undoable"] * 2
    assert undone(desk, again).status == "succeeded"
    assert present(desk, guest) == [[0, 1, 2, 3]] * 2


def test_request_that_undoes_says_so_in_the_history(desk, guest):
    added = desk.ask(guest, "add", [5], "live")
    back = undone(desk, added)
    asked = [
        json.loads(entry.body) for entry in HistoryEntry.objects.filter(kind="requested").order_by("seq")
    ]
    assert [(body["undo_of"], body["retry_of"]) for body in asked] == [(None, None), (added.pk, None)]
    told = operation_json(back)
    assert (told["undo_of"], told["retry_of"]) == (added.pk, None)


@pytest.mark.parametrize("affect", ["live", "config", "both"])
def test_removal_is_undone_where_it_was_made(desk, guest, affect):
    removed = desk.ask(guest, "remove", [3], affect)
    before = present(desk, guest)
    back = undone(desk, removed)
    assert (back.status, back.action, back.affect, back.affect_meant) == ("succeeded", "add", affect, affect)
    assert before != present(desk, guest) == [[0, 1, 2, 3]] * 2


def test_word_is_undone_as_the_slot_that_it_came_to_mean(desk, guest):
    highest = desk.ask(guest, "remove", "highest", "current")
    assert undone(desk, highest).vcpu == [3]
    assert present(desk, guest) == [[0, 1, 2, 3]] * 2


def test_several_slots_are_undone_the_last_one_first(desk, guest):
    desk.simulator.guest(guest, "cooperates")
    removed = desk.ask(guest, "remove", [3, 2])
    back = undone(desk, removed)
    assert (back.vcpu, back.status) == ([2, 3], "succeeded")
    assert present(desk, guest) == [[0, 1, 2, 3]] * 2


def test_sync_is_undone_as_what_it_did(desk, guest):
    desk.ask(guest, "add", [5, 6], "live")
    made_alike = desk.ask(guest, "sync", "all", "config")
    back = undone(desk, made_alike)
    assert (back.action, back.affect, back.vcpu) == ("remove", "config", [6, 5])
    assert present(desk, guest) == [[0, 1, 2, 3, 5, 6], [0, 1, 2, 3]]


def test_what_the_guest_did_is_undone_inside_the_guest(desk):
    uuid = desk.guest(removable="")
    offline = desk.ask(uuid, "offline", [2], "current")
    assert offline.status == "succeeded"
    back = undone(desk, offline)
    assert (back.status, back.action) == ("succeeded", "online")
    assert sorted(Domain.objects.get(uuid=uuid).guest_view.online) == [0, 1, 2, 3]


def test_whole_core_is_undone_as_one(desk):
    uuid = desk.guest("power01", maximum=16, present="0-7", removable="4-7", unit_size=4)
    added = desk.ask(uuid, "add", "first", "live")
    back = undone(desk, added)
    assert (sorted(back.vcpu), back.status) == ([8, 9, 10, 11], "succeeded")
    assert len({effect.step for effect in back.effects.all()}) == 1


def test_driver_that_counts_undoes_by_counting(desk):
    desk.simulator.tune(specific=False)
    uuid = desk.guest("test01", present="0-3", removable="")
    added = desk.ask(uuid, "add", "first", "live")
    assert (added.status, [effect.vcpu for effect in added.effects.all()]) == ("succeeded", [4])
    back = undone(desk, added)
    assert (back.status, back.vcpu, back.expect) == ("succeeded", "highest", 4)
    assert present(desk, uuid)[0] == [0, 1, 2, 3]


def test_partial_outcome_is_undone_as_far_as_it_came(desk, guest):
    partial = desk.ask(guest, "remove", [3, 1], "live")
    assert (partial.status, partial.reason) == ("partial", "not_removable")
    back = undone(desk, partial)
    assert (back.status, back.vcpu) == ("succeeded", [3])
    assert present(desk, guest)[0] == [0, 1, 2, 3]


def test_late_success_is_undone_like_any_other(desk, guest):
    desk.simulator.guest(guest, "waits")
    removal = desk.ask(guest, "remove", [3])
    code, status, words = refusal(undo, desk.actor, removal.pk)
    assert (code, status, "stop waiting first" in words) == ("not_undoable", 409, True)
    control.stop_waiting(desk.actor, removal.pk)
    assert "not confirmed" in refusal(undo, desk.actor, removal.pk)[2]
    desk.simulator.release(guest)
    desk.look(guest)
    desk.bells.append(removal.domain_id)
    removal = desk.work(removal)
    assert (removal.status, removal.late) == ("succeeded", True)
    assert undone(desk, removal).status == "succeeded"
    assert present(desk, guest) == [[0, 1, 2, 3]] * 2


def test_undoing_that_waits_for_its_guest_is_like_any_other_removal(desk, guest):
    added = desk.ask(guest, "add", [5])
    desk.simulator.guest(guest, "waits")
    back = undone(desk, added)
    assert back.status == "waiting"
    assert (
        f"Operation {back.pk} is to undo operation {added.pk} and is waiting"
        in refusal(undo, desk.actor, added.pk)[2]
    )
    desk.simulator.release(guest)
    desk.look(guest)
    desk.bells.append(back.domain_id)
    assert desk.work(back).status == "succeeded"
    assert present(desk, guest) == [[0, 1, 2, 3]] * 2


def test_restart_leaves_only_the_configuration_to_undo(desk, guest):
    both, live = desk.ask(guest, "add", [5]), desk.ask(guest, "add", [6], "live")
    desk.simulator.stop(guest)
    desk.simulator.start(guest)
    desk.look(guest)
    assert refusal(undo, desk.actor, live.pk)[:2] == ("run_ended", 409)
    back = undone(desk, both)
    assert (back.status, back.affect) == ("succeeded", "config")
    assert present(desk, guest) == [[0, 1, 2, 3, 5], [0, 1, 2, 3]]


def test_slot_that_was_changed_since_is_left_alone(desk, guest):
    added = desk.ask(guest, "add", [5], "live")
    removed = desk.ask(guest, "remove", [5], "live")
    code, status, words = refusal(undo, desk.actor, added.pk)
    assert (code, status) == ("changed_meanwhile", 409)
    assert f"Operation {removed.pk} has changed vCPU 5 of web01 live since" in words
    again = desk.ask(
        guest, "add", [5], "live"
    )  # it stands as the first one left it, and is not that one's any more
    assert f"Operation {again.pk} has" in refusal(undo, desk.actor, added.pk)[2]


def test_slot_that_was_changed_outside_since_is_left_alone(desk, guest):
    added = desk.ask(guest, "add", [5])
    desk.simulator.foreign_set(guest, 5, False, Side.CONFIG)
    desk.look(guest)
    code, _, words = refusal(undo, desk.actor, added.pk)
    assert (code, "in the configuration: it was changed outside" in words) == ("changed_meanwhile", True)


def test_change_that_nobody_has_seen_yet_is_the_workers_to_find(desk, guest):
    added = desk.ask(guest, "add", [5], "live")
    desk.simulator.foreign_set(guest, 5, False, Side.LIVE)
    back = undone(desk, added)
    assert (back.status, back.reason) == ("failed", "already_absent")


def test_host_that_is_away_fails_the_undoing_and_not_its_request(desk, guest):
    added = desk.ask(guest, "add", [5], "live")
    desk.simulator.tune(reachable=False)
    failed = undone(desk, added)
    assert (failed.status, failed.reason) == ("failed", "host_unreachable")
    desk.simulator.tune(reachable=True)
    retried = desk.work(retry(desk.actor, failed.pk))
    assert (retried.status, retried.undo_of, retried.retry_of) == ("succeeded", added, failed)
    assert f"Operation {retried.pk} has undone" in refusal(undo, desk.actor, added.pk)[2]


def test_slots_made_removable_stay_so(desk, guest):
    made = desk.ask(guest, "make_removable", [1], "config")
    assert made.status == "succeeded"
    assert refusal(undo, desk.actor, made.pk)[0] == "not_undoable"


def test_standing_takes_two_queries_however_many_slots(desk):
    uuid = desk.guest(maximum=64, present="0", removable="")
    operation = desk.ask(uuid, "add", list(range(1, 40)), "live")
    operation = Operation.objects.select_related("domain__host").get(pk=operation.pk)
    effects = list(operation.effects.all())
    with CaptureQueriesContext(connection) as queries:
        standing_of(operation, effects)
    assert len(queries) == 2


@pytest.fixture
def any_desk(any_database, redis, tmp_path, monkeypatch, settings):
    settings.GATEWAY = simulated.FACTORY
    settings.SOCKET_DIRS = [str(tmp_path)]
    bells = []
    monkeypatch.setattr(doorbell, "ring", bells.extend)
    return Desk(SimulatedHost(tmp_path / "host"), bells)


def test_of_two_at_once_one_undoes(any_desk):
    uuid = any_desk.guest()
    added = any_desk.ask(uuid, "add", [5])
    both_there = threading.Barrier(2, timeout=LONG)

    def ask(_):
        both_there.wait()
        try:
            return undo(any_desk.actor, added.pk)
        except RequestRefused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(ask, range(2)))
    (refused,) = [answer for answer in answers if isinstance(answer, RequestRefused)]
    (back,) = [answer for answer in answers if isinstance(answer, Operation)]
    assert refused.code == "not_undoable"
    assert refused.message.startswith(f"Operation {back.pk} is to undo operation {added.pk} and is queued")
    assert any_desk.work(back).status == "succeeded"
    assert Operation.objects.filter(undo_of=added).count() == 1
