"""Pausing and removing hosts, whatever is under way on them; and asking for connection tests."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from redis import Redis

from domains.models import Domain, HistoryEntry, Host, Operation, Outcome
from domains.models.clock import now
from domains.operations import control, followups, hosts, request
from domains.operations.actor import Actor
from domains.operations.execute import work
from domains.operations.hosts_removal import fate_of
from domains.operations.hosts_rules import FieldsRefused
from domains.operations.refused import RequestRefused
from domains.operations.request import request_change
from domains.operations.sweep import sweep
from domains.vcpu.slots import Side
from tests.integration.simulated import FACTORY, host_row, look
from tests.integration.web.factory import make_domain, make_host, make_operation
from tests.simulated_host import SimulatedHost
from tests.waiting import LONG, wait_until

ADA = Actor("ada", "page")


def entries(kind: str) -> list[dict]:
    return [json.loads(entry.body) for entry in HistoryEntry.objects.filter(kind=kind).order_by("seq")]


def heard(redis: Redis) -> list[int]:
    """Give the domains for which workers were rung, in that order."""
    sent = reversed(redis.lrange("default", 0, -1))
    return [json.loads(b64decode(json.loads(message)["body"]))[0][0] for message in sent]


def test_each_operation_ends_as_its_page_said_it_would(any_database):
    host = make_host()
    cases = {
        "cancelled": make_operation(make_domain(host, "queued")),
        "taken": make_operation(make_domain(host, "taken"), status="running", attempt=1),
        "asked": make_operation(
            make_domain(host, "asked"),
            [(4, "live", "applying"), (4, "config", "pending")],
            action="remove", status="running", attempt=1,
        ),
        "waiting": make_operation(
            make_domain(host, "waiting"), [(5, "live", "waiting")], action="remove", status="waiting", attempt=1
        ),
        "half": make_operation(
            make_domain(host, "half"),
            [(5, "live", "done"), (5, "config", "pending")],
            action="remove", status="queued", attempt=1,
        ),
        "again": make_operation(
            make_domain(host, "again"), [(5, "live", "waiting")], status="queued", attempt=1, asking=True
        ),
        "more": make_operation(
            make_domain(host, "more"),
            [(5, "live", "unconfirmed"), (4, "live", "pending")],
            action="remove", status="running", attempt=1,
        ),
        "open": make_operation(
            make_domain(host, "open"),
            [(5, "live", "unconfirmed")],
            action="remove", status="unconfirmed", attempt=1, reason="unplug_unconfirmed",
        ),
    }  # fmt: skip
    fates = {name: fate_of(operation) for name, operation in cases.items()}
    with pytest.raises(RequestRefused, match="and 2 more on hv1 have not ended yet"):
        hosts.remove_host(actor=ADA, slug="hv1")
    hosts.remove_host(actor=ADA, slug="hv1", force=True)
    ended = {name: Operation.objects.get(pk=operation.pk) for name, operation in cases.items()}
    assert {name: (one.status, one.reason) for name, one in ended.items()} == {
        "cancelled": ("cancelled", ""),
        "taken": ("failed", "host_disabled"),
        "asked": ("unconfirmed", "host_disabled"),
        "waiting": ("unconfirmed", "unplug_unconfirmed"),
        "half": ("partial", "host_disabled"),
        "again": ("unconfirmed", "unplug_unconfirmed"),
        "more": ("unconfirmed", "host_disabled"),
        "open": ("unconfirmed", ""),
    }
    for name, one in ended.items():
        verb = {"cancelled": "is", "open": "stays"}.get(name, "ends")
        assert fates[name].split(":")[0] == f"{verb} {one.status}"
        assert one.message == f"ada removed the host hv1; the operation {fates[name]}."
        assert (one.host, one.domain, one.host_slug, one.domain_name) == (
            None, None, "hv1", "queued" if name == "cancelled" else name,
        )  # fmt: skip
        newest = HistoryEntry.objects.filter(operation=one.pk).order_by("-seq").first()
        assert json.loads(newest.body)["status"] == one.status
    states = [
        (effect.side, effect.state, effect.reason) for effect in ended["asked"].effects.order_by("step")
    ]
    assert states == [("live", "unconfirmed", "interrupted"), ("config", "failed", "host_disabled")]
    assert not Host.objects.exists()
    assert not Domain.objects.exists()
    assert entries("host_removed")[0]["ended"] == 7
    assert entries("cancelled")[0]["actor"] == "ada"
    assert {entry["removed_by"] for entry in entries("unconfirmed")} == {"ada"}
    counted = {(one.status, one.reason): one.count for one in Outcome.objects.all()}
    assert counted == {("cancelled", ""): 1, ("failed", "host_disabled"): 1, ("partial", "host_disabled"): 1}


@pytest.mark.django_db
class TestRemoval:
    def test_guest_of_a_host_that_is_gone_is_not_asked_again(self):
        operation = make_operation(
            make_domain(make_host()), [(5, "live", "waiting")], action="remove", status="waiting", attempt=1
        )
        hosts.remove_host(actor=ADA, slug="hv1", force=True)
        with pytest.raises(RequestRefused, match="its host was removed"):
            control.ask_again(ADA, operation.pk)
        with pytest.raises(RequestRefused, match="was removed from here, so its guest cannot be asked"):
            followups.retry(ADA, operation.pk)
        operation.refresh_from_db()
        assert operation.status == "unconfirmed"

    def test_host_without_anything_under_way_is_removed_at_once(self):
        make_operation(make_domain(make_host()), status="succeeded")
        hosts.remove_host(actor=ADA, slug="hv1")
        assert not Host.objects.exists()


def test_request_that_meets_the_removal_of_its_host_is_refused_and_says_why(any_database, monkeypatch):
    domain = make_domain(make_host())
    checked, refusals = threading.Event(), []
    submit = request.submit

    def submit_late(*args, **kwargs):
        checked.set()
        return submit(*args, **kwargs)

    def ask() -> None:
        try:
            request_change(actor=ADA, host="hv1", domain_ref="web01", asked={"action": "add", "vcpu": 6})
        except RequestRefused as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    monkeypatch.setattr(request, "submit", submit_late)
    thread = threading.Thread(target=ask)
    with transaction.atomic():
        hosts.remove_host(actor=ADA, slug="hv1")
        thread.start()
        assert checked.wait(LONG)
    thread.join(LONG)
    assert [(one.code, one.http_status) for one in refusals] == [("host_not_found", 404)]
    assert "removed just now" in refusals[0].message
    assert entries("refused")[0]["domain"] == {"name": "web01", "uuid": str(domain.uuid)}
    assert not Operation.objects.exists()


@pytest.fixture
def simulated(fresh_database, redis, settings, tmp_path) -> SimulatedHost:
    settings.SOCKET_DIRS = [str(tmp_path)]
    settings.GATEWAY = FACTORY
    return SimulatedHost(tmp_path / "sim")


def test_worker_that_hangs_in_a_call_to_a_removed_host_writes_nothing_any_more(simulated):
    uuid = simulated.add_domain("web", present="0-1")
    domain = look(host_row(simulated), uuid)
    simulated.tune(write_delay=(1.0, 1.0))
    operation = make_operation(domain, vcpu=[5], affect_meant="", before=None, after=None)
    with ThreadPoolExecutor(1) as worker:
        working = worker.submit(work, domain.pk)
        wait_until(lambda: operation.effects.filter(state="applying").exists(), what="the promise to call")
        hosts.remove_host(actor=ADA, slug="sim", force=True)
        after = [entry.seq for entry in HistoryEntry.objects.all()]
        working.result(10)
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == ("unconfirmed", "interrupted")
    assert [entry.seq for entry in HistoryEntry.objects.all()] == after
    assert not Domain.objects.exists()
    assert 5 in simulated.truth(uuid)[Side.LIVE].present  # what it had asked for came true all the same


def test_reading_of_a_removed_host_ends_without_a_trace(simulated):
    uuid = simulated.add_domain("web", present="0-1")
    domain = look(host_row(simulated), uuid)
    operation = make_operation(domain, vcpu=[5], affect_meant="", before=None, after=None)
    simulated.tune(read_delay=(1.0, 1.0))
    thread = threading.Thread(target=work, args=(domain.pk,))
    thread.start()
    wait_until(lambda: Operation.objects.filter(status="running").exists(), what="the claim")
    hosts.remove_host(actor=ADA, slug="sim", force=True)
    thread.join(LONG)
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == ("failed", "host_disabled")
    assert not Domain.objects.exists()


@pytest.mark.django_db
class TestPausing:
    def test_queued_operation_of_a_paused_host_fails_and_says_why(self):
        operation = make_operation(make_domain(make_host(state="unreachable")))
        assert hosts.pause_host(actor=ADA, slug="hv1")
        work(operation.domain_id)
        operation.refresh_from_db()
        assert (operation.status, operation.reason) == ("failed", "host_disabled")

    def test_operation_that_waits_for_its_host_is_told_too_when_that_is_paused(self, redis):
        operation = make_operation(make_domain(make_host(state="unreachable")), queue_if_unreachable=True,
                                   created_at=now() - timedelta(seconds=30))  # fmt: skip
        handed_on = make_operation(make_domain(Host.objects.get(), "half"), [(5, "live", "done"), (5, "config", "pending")],
                                   status="running", attempt=1)  # fmt: skip
        sweep()
        assert heard(redis) == []
        hosts.pause_host(actor=ADA, slug="hv1")
        Host.objects.update(state="paused")  # as the watcher then says
        sweep()
        assert heard(redis) == [operation.domain_id, handed_on.domain_id]
        work(operation.domain_id)
        operation.refresh_from_db()
        assert (operation.status, operation.reason) == ("failed", "host_disabled")

    def test_operation_that_is_half_done_when_its_host_is_paused_is_no_success(self):
        effects = [(5, "live", "done"), (5, "config", "pending")]
        operation = make_operation(make_domain(make_host()), effects, status="running", attempt=1)
        hosts.pause_host(actor=ADA, slug="hv1")
        work(operation.domain_id)
        operation.refresh_from_db()
        assert (operation.status, operation.reason) == ("partial", "host_disabled")

    def test_pausing_and_resuming_are_entries_and_show_at_once(self):
        make_host(last_error="")
        assert hosts.pause_host(actor=ADA, slug="hv1")
        host = Host.objects.get()
        assert (host.shown, host.state, host.reachable) == ("paused", "connected", False)
        Host.objects.update(state="paused")  # as the watcher then says
        assert hosts.resume_host(actor=ADA, slug="hv1")
        assert not hosts.resume_host(actor=ADA, slug="hv1")
        host = Host.objects.get()
        assert (host.shown, host.last_error) == ("unreachable", "No watcher has looked at this host yet.")
        assert [len(entries(kind)) for kind in ("host_paused", "host_resumed")] == [1, 1]


ODD = ["a\0b", "\udcff", "x" * 1_000_000, "", "٣"]


@pytest.mark.parametrize("slug", ODD)
def test_name_that_no_host_can_have_is_refused_and_never_looked_up(any_database, slug):
    with pytest.raises(FieldsRefused) as caught:
        hosts.add_host(actor=ADA, slug=slug, fields={})
    assert list(caught.value.problems) == ["slug"]
    for deed in (hosts.pause_host, hosts.resume_host, hosts.remove_host):
        with pytest.raises(RequestRefused, match="There is no host"):
            deed(actor=ADA, slug=slug)
    with pytest.raises(RequestRefused, match="There is no host"):
        hosts.find_host(slug)
