from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.models import Batch, Domain, Grant, HistoryEntry, Host, Operation
from domains.operations import execute
from domains.operations.actor import Actor
from domains.operations.batches import choose, control, retrying
from domains.operations.batches.running import advance
from domains.operations.batches.wanted import MOST_GUESTS
from domains.operations.followups import retry
from domains.operations.refused import RequestRefused
from tests.integration.web.factory import make_domain, make_user


def refusal(deed, *arguments, **more):
    with pytest.raises(RequestRefused) as caught:
        deed(*arguments, **more)
    return str(caught.value.code), caught.value.message


def retried(desk, batch, **asked):
    wanted = {"action": batch.action, "affect": batch.affect}
    wanted |= {"count": batch.count} if batch.count else {"vcpu": batch.vcpu}
    return desk.run(choice=retrying.retriable(desk.actor, batch.pk), **(wanted | asked))


def test_cancelling_starts_nothing_more_and_lets_run_what_runs(desk):
    desk.guests("web1", "web2", "web3", "web4")
    batch = desk.run(action="add", count=1, parallel=2, work=False)
    Operation.objects.filter(domain_name="web1").update(status="running", attempt=1)
    desk.bells.clear()

    control.cancel(desk.actor, batch.pk, note="wrong guests")

    assert desk.outcomes(batch) == {
        "web1": "running",
        "web2": "cancelled",
        "web3": "dropped",
        "web4": "dropped",
    }
    batch.refresh_from_db()
    assert (batch.status, batch.message) == ("stopping", "os:root cancelled what had not started.")
    Operation.objects.filter(domain_name="web1").update(status="queued", attempt=0)
    desk.bells.append(Operation.objects.get(domain_name="web1").domain_id)
    desk.work()
    batch.refresh_from_db()
    assert desk.outcomes(batch)["web1"] == "succeeded"
    assert batch.status == "stopped"
    entry = json.loads(HistoryEntry.objects.get(kind="batch_cancelled").body)
    assert (entry["note"], entry["actor"]) == ("wrong guests", "os:root")


def test_what_is_over_cannot_be_cancelled_and_that_is_written_down(desk):
    desk.guests("web1")
    batch = desk.run(action="add", count=1)

    assert refusal(control.cancel, desk.actor, batch.pk)[0] == "not_cancellable"
    assert HistoryEntry.objects.filter(kind="refused").count() == 1


def test_who_may_not_change_every_guest_cancels_only_their_own(desk):
    desk.guests("web1", "db1")
    olga, otto = (
        make_user(name, "operator", pattern=pattern) for name, pattern in (("olga", "*"), ("otto", "web*"))
    )
    batch = desk.run(actor=Actor("olga", "page", olga), action="add", count=1, parallel=1, work=False)

    assert refusal(control.cancel, Actor("otto", "page", otto), batch.pk)[0] == "not_permitted"
    Grant.objects.filter(user=olga).delete()
    assert control.cancel(Actor("olga", "page", olga), batch.pk).status == "stopped"


def test_batch_is_seen_by_who_sees_one_of_its_guests(desk):
    desk.guests("web1", "db1")
    batch = desk.run(action="add", count=1)
    otto = Actor("otto", "page", make_user("otto", "viewer", pattern="web*"))
    nemo = Actor("nemo", "page", make_user("nemo", "viewer", pattern="mail*"))

    assert control.find(otto, batch.pk) == batch
    assert [item.domain_name for item in control.items_seen_by(otto)] == ["web1"]
    assert refusal(control.find, nemo, batch.pk)[0] == "batch_not_found"
    assert refusal(control.find, desk.actor, 10**30)[0] == "batch_not_found"


def test_retry_asks_only_the_guests_that_failed_and_plans_them_anew(desk):
    known = desk.guests("web1", "web2", "web3")
    Host.objects.update(monitor=True)
    desk.simulator.guest(known["web2"], "refuses")
    first = desk.run(action="remove", count=1, affect="live")
    assert desk.outcomes(first) == {"web1": "succeeded", "web2": "failed", "web3": "succeeded"}
    desk.simulator.guest(known["web2"], "cooperates")

    second = retried(desk, first)

    assert desk.outcomes(second) == {"web2": "succeeded"}
    assert second.retry_of == first
    assert Operation.objects.get(batch=second).retry_of == Operation.objects.get(
        batch=first, domain_name="web2"
    )
    assert desk.live("web2") == [0, 1, 2]
    assert "retries what failed" in refusal(retrying.retriable, desk.actor, first.pk)[1]
    assert "Nothing of batch" in refusal(retrying.retriable, desk.actor, second.pk)[1]


def test_batch_is_retried_once_however_many_ask_at_the_same_time(desk):
    desk.guests("web1", "web2")
    first = desk.run(action="add", count=1, parallel=1, work=False)
    control.cancel(desk.actor, first.pk)
    chosen = [
        retrying.retriable(desk.actor, first.pk) for _ in range(2)
    ]  # both before either has made a batch

    second = desk.run(choice=chosen[0], action="add", count=1)

    assert refusal(desk.run, choice=chosen[1], action="add", count=1) == (
        "not_retriable",
        f"Batch {second.pk} retries what failed of batch {first.pk}; retry that one.",
    )
    assert Batch.objects.count() == 2


def test_of_a_guest_that_succeeded_in_part_only_the_rest_is_retried(desk):
    known = desk.guests("web1")
    Host.objects.update(monitor=True)
    first = desk.run(action="remove", count=2, affect="live", work=False)
    operation = Operation.objects.get(batch=first)
    desk.simulator.guest(known["web1"], "cooperates")
    execute.work(desk.bells.pop(0))
    desk.simulator.guest(known["web1"], "refuses")
    desk.work()
    operation.refresh_from_db()
    assert (operation.status, desk.live("web1")) == ("partial", [0, 1, 2])
    desk.simulator.guest(known["web1"], "cooperates")

    second = retried(desk, first)

    assert desk.outcomes(second) == {"web1": "succeeded"}
    assert desk.live("web1") == [0, 1]


def test_guest_whose_operation_was_retried_by_itself_is_not_asked_again(desk):
    desk.guests("web1", "web2")
    batch = desk.run(action="add", vcpu=[5], affect="live", work=False)
    desk.bells.clear()
    Operation.objects.update(status="failed", reason="domain_busy", finished_at="2026-01-01T00:00:00Z")
    for operation in Operation.objects.all():
        operation.effects.update(state="failed", reason="domain_busy")
    advance(batch.pk)
    retry(desk.actor, Operation.objects.get(domain_name="web1").pk)

    assert [domain.name for domain in retrying.retriable(desk.actor, batch.pk).domains] == ["web2"]


def test_what_was_not_started_is_retried_and_what_could_not_be_is_not(desk):
    desk.guests("web1", "web2")
    desk.guest("web3", present="0-7", removable="2-7")
    batch = desk.run(action="add", vcpu=[5], affect="live", parallel=1, work=False)
    control.cancel(desk.actor, batch.pk)
    assert desk.outcomes(batch) == {"web1": "cancelled", "web2": "dropped", "web3": "nothing"}

    again = retrying.retriable(desk.actor, batch.pk)

    assert [domain.name for domain in again.domains] == ["web1", "web2"]


def test_guests_are_found_by_pattern_host_and_name(desk):
    uuid = desk.guests("web1", "web2", "db1")["db1"]

    assert [one.name for one in choose.by_match(desk.actor, "web?")] == ["web1", "web2"]
    assert [one.name for one in choose.by_match(desk.actor, "*", "sim")] == ["db1", "web1", "web2"]
    assert [one.name for one in choose.by_name(desk.actor, [f"sim/{uuid}", "sim/web2"])] == ["db1", "web2"]
    assert refusal(choose.by_match, desk.actor, "mail*")[0] == "domain_not_found"
    assert refusal(choose.by_match, desk.actor, "*", "elsewhere")[0] == "domain_not_found"
    assert "“sim/mail1”" in refusal(choose.by_name, desk.actor, ["sim/web1", "sim/mail1"])[1]


def many(host, number):
    """Store so many domains quickly."""
    one = make_domain(host, "web0")
    fields = {field.name: getattr(one, field.name) for field in Domain._meta.fields if not field.generated}
    Domain.objects.bulk_create(
        Domain(**(fields | {"id": None, "uuid": uuid4(), "name": f"web{at}"})) for at in range(1, number)
    )


def test_more_guests_than_a_batch_takes_are_refused_with_their_number(desk):
    many(desk.host, MOST_GUESTS + 2)

    code, words = refusal(choose.by_match, desk.actor, "web*")

    assert code == "invalid_request"
    assert words.startswith("1,002 guests were chosen and a batch takes 1,000 at most")
    assert not Batch.objects.exists()


def test_a_thousand_guests_are_stored_a_hundred_at_a_time(desk):
    many(desk.host, MOST_GUESTS)

    with CaptureQueriesContext(connection) as captured:
        batch = desk.run("web*", action="add", count=1, parallel=1, work=False)

    assert batch.items.count() == MOST_GUESTS
    assert len(captured) < 150
