from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections

from domains.models import BatchItem, Grant, HistoryEntry, Host, Operation, Status
from domains.operations import execute
from domains.operations.actor import Actor
from domains.operations.batches import request
from domains.operations.batches.retrying import retriable
from domains.operations.batches.running import advance, advance_all
from domains.operations.refused import RequestRefused
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from tests import replay
from tests.integration.web.factory import make_user


def bodies(batch):
    entries = HistoryEntry.objects.filter(body__contains=f'"batch":{batch.pk},').order_by("seq")
    return [json.loads(entry.body) for entry in entries]


def test_batch_of_two_hundred_with_one_that_refuses(desk):
    names = [f"web{number:03}" for number in range(200)]
    desk.guests(*names)
    stubborn = desk.guest("zzz01")
    desk.simulator.guest(stubborn, "refuses")
    Host.objects.update(monitor=True)

    batch = desk.run("*", action="remove", count=1, affect="live", parallel=20, note="less is more")

    outcomes = desk.outcomes(batch)
    assert outcomes.pop("zzz01") == "failed"
    assert Operation.objects.get(domain_name="zzz01").reason == "guest_refused"
    assert batch.status == "finished"
    assert set(outcomes.values()) == {"succeeded"}
    assert all(desk.live(name) == [0, 1, 2] for name in names[::50])
    assert Operation.objects.filter(batch=batch).count() == 201
    assert len({one.domain_id for one in Operation.objects.filter(batch=batch)}) == 201
    replay.check_chain()


def test_no_more_than_the_limit_are_open_and_each_end_starts_the_next(desk):
    desk.guests(*(f"web{number}" for number in range(7)))
    batch = desk.run(action="add", count=2, parallel=3, work=False)
    seen = []

    while desk.bells:
        seen.append(
            Operation.objects.filter(batch=batch, status__in=("queued", "running", "waiting")).count()
        )
        execute.work(desk.bells.pop(0))

    batch.refresh_from_db()
    assert max(seen) == 3
    assert batch.status == "finished"
    assert set(desk.outcomes(batch).values()) == {"succeeded"}
    assert desk.live("web6") == [0, 1, 2, 3, 4, 5]


def test_guest_that_is_waited_for_counts_as_open(desk):
    patient = desk.guests("web1", "web2", "web3")["web1"]
    desk.simulator.guest(patient, "waits")

    batch = desk.run(action="remove", count=1, affect="live", parallel=1)

    assert desk.outcomes(batch) == {"web1": "waiting", "web2": "due", "web3": "due"}
    assert batch.status == "running"
    Operation.objects.get(batch=batch).effects.update(applied_at="2020-01-01T00:00:00Z")
    sweep()
    desk.work()
    batch.refresh_from_db()
    assert desk.outcomes(batch) == {"web1": "unconfirmed", "web2": "succeeded", "web3": "succeeded"}
    assert batch.status == "finished"
    with pytest.raises(RequestRefused, match="nothing to retry"):  # it may still let go
        retriable(desk.actor, batch.pk)


def test_nothing_is_started_after_the_first_failure_if_so_wished(desk):
    known = desk.guests("web1", "web2", "web3", "web4")
    batch = desk.run(action="add", vcpu=[5], affect="both", parallel=1, stop_on_failure=True, work=False)
    desk.simulator.vanish(known["web1"])
    desk.work()
    batch.refresh_from_db()

    outcomes = desk.outcomes(batch)

    assert outcomes == {"web1": "failed", "web2": "dropped", "web3": "dropped", "web4": "dropped"}
    assert batch.status == "stopped"
    failed = Operation.objects.get(domain_name="web1")
    assert batch.message == f"Nothing more was started after operation {failed.pk}, which is failed."
    assert [body["kind"] for body in bodies(batch) if body["kind"].startswith("batch")] == [
        "batch_started",
        "batch_stopped",
        "batch_finished",
    ]


def test_guest_that_changed_since_the_plan_is_left_alone(desk):
    known = desk.guests("web1", "web2", "web3")
    batch = desk.run(action="add", count=1, affect="both", parallel=1, work=False)
    desk.simulator.foreign_set(known["web2"], 4, True, Side.LIVE)
    desk.work()

    operation = Operation.objects.get(batch=batch, domain_name="web2")
    assert (operation.status, operation.reason) == ("failed", "changed_meanwhile")
    assert "adds vCPU 4, live and config" in operation.message
    assert desk.outcomes(batch) == {"web1": "succeeded", "web2": "failed", "web3": "succeeded"}
    assert 5 not in desk.live("web2")


def test_what_is_not_as_it_was_shown_is_refused_at_once(desk):
    desk.guests("web1", "web2")
    choice = desk.choice()
    shown = {
        domain.pk: "0" * 12 for domain in choice.domains[:1]
    }  # and of the other one that nothing would change

    batch = desk.run(choice=replace(choice, shown=shown), action="add", count=1)

    assert desk.outcomes(batch) == {"web1": "refused", "web2": "refused"}
    assert set(BatchItem.objects.values_list("reason", flat=True)) == {"changed_meanwhile"}
    assert batch.status == "finished"
    assert not Operation.objects.exists()


def test_doubled_doorbells_and_sweeps_start_nothing_twice(any_desk):
    desk = any_desk
    desk.guests(*(f"web{number}" for number in range(6)))
    batch = desk.run(action="add", count=1, parallel=2, work=False)

    while desk.bells:
        bell = desk.bells.pop(0)
        execute.work(bell)
        execute.work(bell)
        advance(batch.pk)
        advance_all()

    batch.refresh_from_db()
    assert batch.status == "finished"
    assert Operation.objects.filter(batch=batch).count() == 6
    assert desk.live("web5") == [0, 1, 2, 3, 4]


def test_sweep_goes_on_where_the_worker_that_ended_an_operation_was_lost(desk, monkeypatch):
    desk.guests("web1", "web2")
    batch = desk.run(action="add", count=1, parallel=1, work=False)
    with monkeypatch.context() as lost:
        lost.setattr(execute, "advance", lambda _: None)
        desk.work()
    assert desk.outcomes(batch) == {"web1": "succeeded", "web2": "due"}

    sweep()
    desk.work()

    assert desk.outcomes(batch) == {"web1": "succeeded", "web2": "succeeded"}
    assert [body["kind"] for body in bodies(batch)][-1] == "batch_finished"


def test_sweep_begins_where_whoever_stored_the_batch_died(desk, monkeypatch):
    desk.guests("web1")
    with monkeypatch.context() as lost:
        lost.setattr(request, "advance", lambda _: None)
        batch = desk.run(action="add", count=1)
    assert desk.outcomes(batch) == {"web1": "due"}

    sweep()
    desk.work()

    assert desk.outcomes(batch) == {"web1": "succeeded"}


def test_several_at_once_start_no_more_than_the_limit(any_desk, monkeypatch):
    any_desk.guests(*(f"web{number}" for number in range(6)))
    with monkeypatch.context() as lost:
        lost.setattr(request, "advance", lambda _: None)
        batch = any_desk.run(action="add", count=1, parallel=3, work=False)

    def step(_):
        try:
            advance(batch.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        assert len(list(threads.map(step, range(8)))) == 8

    assert Operation.objects.filter(batch=batch).count() == 3
    assert len(any_desk.bells) == 3


def test_rights_are_looked_up_again_when_a_guest_has_its_turn(desk):
    desk.guests("web1", "web2")
    user = make_user("olga", "operator")
    actor = Actor("olga", "page", user)
    batch = desk.run(actor=actor, action="add", count=1, parallel=1, work=False)
    Grant.objects.filter(user=user).update(role="viewer")
    desk.work()

    assert desk.outcomes(batch) == {"web1": "succeeded", "web2": "refused"}
    assert BatchItem.objects.get(domain_name="web2").reason == "not_permitted"


def test_batch_of_an_account_that_is_gone_starts_nothing_more(desk):
    desk.guests("web1", "web2")
    user = make_user("olga", "operator")
    batch = desk.run(actor=Actor("olga", "page", user), action="add", count=1, parallel=1, work=False)
    user.delete()
    desk.work()

    assert desk.outcomes(batch) == {"web1": "succeeded", "web2": "refused"}


def test_operations_tell_their_batch_and_entries_too(desk):
    desk.guests("web1")
    batch = desk.run(action="add", count=1, note="release 42")

    told = bodies(batch)
    assert [body["kind"] for body in told] == [
        "batch_started",
        "requested",
        "started",
        "confirmed",
        "batch_finished",
    ]
    assert told[0]["guests"] == [
        {
            "host": "sim",
            "name": "web1",
            "uuid": str(BatchItem.objects.get().domain_uuid),
            "vcpu": "4",
            "plan": "due",
            "reason": None,
        }
    ]
    assert told[0]["requested"] == {"vcpu": None, "count": 1, "affect": "current"}
    assert told[-1]["counts"] == {"succeeded": 1}
    operation = Operation.objects.get()
    assert (operation.batch_id, operation.note, operation.status) == (
        batch.pk,
        "release 42",
        Status.SUCCEEDED,
    )


def test_refused_batch_stands_in_the_history(desk):
    desk.guests("web1")

    with pytest.raises(RequestRefused):
        desk.run(action="add", count="many")

    (entry,) = HistoryEntry.objects.filter(kind="refused")
    body = json.loads(entry.body)
    assert (body["action"], body["requested"], body["guests"]) == ("add", {"count": "many"}, 1)
    assert body["reason"] == "invalid_request"


def test_key_gives_the_first_batch_again_and_another_content_is_refused(desk):
    desk.guests("web1", "web2")
    first = desk.run("web1", action="add", count=1, key="once")

    assert desk.run("web1", action="add", count=1, key="once").pk == first.pk
    with pytest.raises(RequestRefused, match=f"belongs to batch {first.pk}"):
        desk.run("web2", action="add", count=1, key="once")
    assert Operation.objects.count() == 1


def test_others_write_while_a_batch_is_planned(any_desk, monkeypatch):
    known = any_desk.guests("web1", "web2")
    plan = request.plan

    def and_meanwhile(*arguments):
        planned = plan(*arguments)
        with ThreadPoolExecutor(1) as another:
            another.submit(written, known["web1"]).result(10)
        return planned

    def written(uuid):
        try:
            any_desk.ask(uuid, "add", 4, work=False)
        finally:
            connections.close_all()

    monkeypatch.setattr(request, "plan", and_meanwhile)
    batch = any_desk.run(action="add", count=1, affect="both")

    assert any_desk.outcomes(batch) == {"web1": "failed", "web2": "succeeded"}
    assert Operation.objects.get(batch=batch, domain_name="web1").reason == "operation_open"
    assert any_desk.live("web1") == [0, 1, 2, 3, 4]
