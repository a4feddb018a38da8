"""The pages of hosts, for administrators."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from domains.models import ConnectionTest, HistoryEntry, Host
from domains.models.clock import now
from domains.operations import workers
from domains.operations.hosts_testing import MOST
from domains.web.fragments import render
from tests.integration.web.factory import make_domain, make_host, make_operation, make_user

SSH = {
    "slug": "rack1", "driver": "qemu", "transport": "ssh", "hostname": "rack1.example.org", "port": "2222",
    "username": "slotboard", "path": "system", "queue": "default", "socket": "/left/over", "deed": "save",
}  # fmt: skip
PAGES = ["/hosts/", "/hosts/new/", "/hosts/hv1/", "/hosts/hv1/edit/", "/hosts/hv1/remove/", "/hosts/tests/1/"]
DEEDS = ["/hosts/new/", "/hosts/hv1/edit/", "/hosts/hv1/test/", "/hosts/hv1/pause/", "/hosts/hv1/resume/",
         "/hosts/hv1/remove/"]  # fmt: skip


def newest() -> dict:
    return json.loads(HistoryEntry.objects.order_by("-seq").first().body)


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_hosts_are_for_administrators(operator, viewer, host, path):
    for client in (operator, viewer):
        assert client.get(path).status_code == 403
    assert Client().get(path).status_code == 302
    assert "/hosts/" not in viewer.get("/").text


@pytest.mark.parametrize("path", DEEDS)
def test_nobody_else_does_anything_to_hosts_and_the_attempt_is_an_entry(operator, host, path):
    before = list(Host.objects.values())
    assert operator.post(path, SSH).status_code == 403
    assert list(Host.objects.values()) == before
    assert not ConnectionTest.objects.exists()
    assert (newest()["kind"], newest()["reason"], newest()["actor"]) == ("refused", "not_permitted", "mara")


def test_list_tells_what_is_known_of_each_host(ada):
    host = make_host(
        "hv1", libvirt_version=12_008_000, hypervisor="QEMU", hypervisor_version=11_001_002, cpus=16,
        specific=True, asynchronous=True, round_trip=1.26, queue="rack-a",
    )  # fmt: skip
    make_host("hv2", state="unreachable", last_error="The host does not answer.", round_trip=9.9)
    make_operation(make_domain(host))
    make_domain(host, "gone", gone_at=now())
    text = ada.get("/hosts/").text
    for words in (
        "libvirt 12.8.0", "QEMU 11.1.2", "round trip 1.3 ms", 'queue <span class="nw">rack-a<', "plugs a vCPU by its ID",
        "The host does not answer.", "not known yet", '<span class="label">guests </span>1<',
        '<span class="label">under way </span>1<',
    ):  # fmt: skip
        assert words in text
    assert "9.9" not in text  # that was before it went silent
    assert "topic=host%3Ahv1" in text


def test_list_costs_the_same_however_many_hosts_there_are(ada, django_assert_max_num_queries):
    for number in range(30):
        make_domain(make_host(f"hv{number}"))
    with django_assert_max_num_queries(7):
        ada.get("/hosts/")


def test_queue_that_no_worker_serves_is_marked(ada, host, redis, monkeypatch):
    monkeypatch.setattr(workers._Glance, "until", 0.0)
    workers.tell("far", queues=["elsewhere"], processes=1, busy=0)
    assert "no worker serves it" in ada.get("/hosts/").text
    assert "no worker serves it, so changes stay queued" in ada.get("/hosts/hv1/").text


def test_empty_list_says_how_to_go_on(ada):
    assert "No host yet" in ada.get("/hosts/").text


def test_stored_host_is_tested_and_its_page_keeps_the_answer(ada):
    host = make_host()
    answer = ada.post("/hosts/hv1/test/")
    assert answer.status_code == 303
    assert 'action="/hosts/hv1/edit/"' in ada.get(answer["Location"]).text
    ConnectionTest.objects.update(
        taken_at=now(), ended_at=now(), answer="refused", sentence="It was refused."
    )
    assert "It was refused." in ada.get("/hosts/hv1/").text
    assert host.tests.count() == 1
    ConnectionTest.objects.update(socket="/run/libvirt/other")  # a change that was tried and not stored
    assert "It was refused." not in ada.get("/hosts/hv1/").text


def test_too_many_tests_are_told_so(ada, host):
    for _ in range(MOST):
        ada.post("/hosts/hv1/test/")
    answer = ada.post("/hosts/hv1/test/")
    assert answer.status_code == 429
    assert "under way already" in answer.text
    assert newest()["reason"] == "rate_limited"


def test_host_is_paused_and_resumed(ada, host):
    assert ada.post("/hosts/hv1/pause/", {"back": "hosts"})["Location"] == "/hosts/"
    assert "Nobody opens a connection" in ada.get("/hosts/hv1/").text
    assert ada.post("/hosts/hv1/resume/")["Location"] == "/hosts/hv1/"
    assert [entry.kind for entry in HistoryEntry.objects.order_by("seq")] == ["host_paused", "host_resumed"]


def test_removal_says_beforehand_what_becomes_of_what_is_under_way(ada, domain):
    operation = make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting", attempt=1)
    page = ada.get("/hosts/hv1/remove/").text
    assert "1 operation under way" in page
    assert "it ends unconfirmed" in page
    assert ada.post("/hosts/hv1/remove/", {"force": "1"})["Location"] == "/hosts/"
    assert not Host.objects.exists()
    assert ada.get(f"/operations/{operation.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("action", "state"), [("add", "applying"), ("remove", "waiting"), ("remove", "unconfirmed")]
)
def test_page_of_an_operation_whose_host_was_removed_promises_nothing(ada, domain, action, state):
    status = {"applying": "running"}.get(state, state)
    operation = make_operation(domain, [(5, "live", state)], action=action, status=status, attempt=1)
    ada.post("/hosts/hv1/remove/", {"force": "1"})
    text = ada.get(f"/operations/{operation.pk}/").text
    assert "ada removed the host hv1" in text
    assert "Not confirmed: its host was removed, nobody looks any more" in text
    for untrue in ("looks on", "still holds it", "keeps looking", "Ask again"):
        assert untrue not in text


def test_operation_that_came_meanwhile_brings_the_page_back(ada, domain):
    make_operation(domain)
    answer = ada.post("/hosts/hv1/remove/")
    assert answer.status_code == 400
    assert "It was not removed." in answer.text
    assert 'name="force"' in answer.text
    assert Host.objects.exists()


@pytest.mark.parametrize("path", ["/hosts/nowhere/", "/hosts/nowhere/remove/", "/hosts/tests/999/"])
def test_what_is_not_there_is_a_404(ada, path):
    assert ada.get(path).status_code == 404


def test_address_that_is_no_longer_allowed_is_said(ada):
    make_host("odd", socket="/etc/passwd")
    assert "This address is not allowed here." in ada.get("/hosts/odd/").text


def test_host_key_carries_its_state_to_the_pages_of_hosts(host):
    Host.objects.update(state="unreachable", last_error="The host does not answer.")
    drawn = render(f"host:{host.pk}", "see", frozenset({"host:hv1"})).fragments["host:hv1"]
    assert "The host does not answer." in drawn[f"state-{host.pk}"]


@pytest.mark.parametrize("deed", ["", "edit/", "test/", "pause/", "remove/"])
def test_name_that_no_database_can_hold_is_a_404(any_database, deed):
    client = Client()
    client.force_login(make_user("ada", "administrator"))
    answer = client.get if deed == "" else client.post
    assert answer(f"/hosts/a%00b/{deed}").status_code == 404
