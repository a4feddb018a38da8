"""What is not well stands in the frame of every page, in words, for those who may know it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from domains.inventory import leases
from domains.models import Grant, Host
from domains.operations.pulse_taking import take_pulse
from domains.push.beats import beat, forget
from domains.web import troubles
from tests.integration.history.tampering import written
from tests.integration.web.factory import make_domain, make_host, make_operation, make_user

MINUTE = timedelta(seconds=60)


def signed_in(name, role, **grant):
    client = Client()
    client.force_login(make_user(name, role, **grant))
    return client


@pytest.fixture
def host(any_database, redis):
    """An installation in which all is well."""
    host = make_host("rack1")
    make_domain(host)
    leases.acquire("host:rack1", "watcher-1", MINUTE)
    leases.acquire("watcher:watcher-1", "watcher-1", MINUTE)
    beat("worker", "w1", {"queues": ["default"]}, 60)
    return host


@pytest.fixture
def eva(host):
    return signed_in("eva", "administrator")


def panel(text):
    """Give what is read out, and the sentences that unfold."""
    (drawn,) = re.findall(r'<div id="troubles">(.*?)</div>', text, re.DOTALL)
    (status,) = re.findall(r'<p class="sr" role="status">(.*?)</p>', drawn)
    return status.strip(), re.findall(r"<li>(.*?)</li>", drawn)


def polled(client):
    troubles.forget()
    return panel(client.get("/readings/").text)


def test_nothing_is_shown_while_all_is_well(eva):
    assert polled(eva) == ("", [])
    text = eva.get("/").text
    assert panel(text) == ("", [])
    assert "<details class=" not in text.split("<main")[0]


def test_each_fault_is_said_in_words(eva, host, redis_server):
    forget("worker", "w1")
    assert polled(eva)[0] == "No worker answers."
    beat("worker", "w2", {"queues": ["elsewhere"]}, 60)
    assert polled(eva)[1] == ["No worker serves the queue default: operations on its hosts stay queued."]
    beat("worker", "w1", {"queues": ["default"]}, 60)

    leases.release(leases.Fence("watcher:watcher-1", "watcher-1", 1))
    assert polled(eva)[0] == "No watcher at work."
    leases.acquire("watcher:watcher-2", "watcher-2", MINUTE)
    Host.objects.update(last_seen=datetime.now(UTC) - timedelta(seconds=20))
    assert polled(eva)[0] == "Not watched: rack1."

    Host.objects.update(state="unreachable")
    assert polled(eva)[0] == "rack1 does not answer."
    Host.objects.update(state="connected", last_seen=datetime.now(UTC))
    assert polled(eva) == ("", [])

    begun = datetime.now(UTC) - timedelta(minutes=4)
    make_operation(host.domains.get(), status="queued", created_at=begun, kinds=())
    status, (sentence,) = polled(eva)
    assert status == "Operations wait for a worker."
    assert "the oldest for 4 min" in sentence

    redis_server.stop()
    assert polled(eva)[0].startswith("Redis does not answer.")


def test_unpublished_head_is_said(eva, settings):
    written(2)
    assert polled(eva) == ("", [])
    settings.HEAD_INTERVAL = timedelta(seconds=-120)

    assert polled(eva)[0] == "Head not published."


def test_page_draws_what_was_seen_last_without_looking(eva, host, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(20) as counted:
            eva.get("/account/tokens/")
        return len(counted)

    few = queries()
    forget("worker", "w1")
    assert panel(eva.get("/").text) == ("", []), "nobody has looked yet"
    eva.get("/readings/")

    assert panel(eva.get("/").text)[0] == "No worker answers."
    assert panel(eva.get("/account/tokens/").text)[0] == "No worker answers."
    assert queries() == few


def test_page_asks_at_once_where_nothing_is_known_yet(eva):
    assert 'hx-get="/readings/" hx-trigger="load, every 10s"' in eva.get("/").text
    eva.get("/readings/")
    assert 'hx-get="/readings/" hx-trigger="every 10s"' in eva.get("/").text


def test_what_is_old_is_not_told_any_more(eva, monkeypatch):
    forget("worker", "w1")
    eva.get("/readings/")
    monkeypatch.setattr(troubles._Last, "at", troubles._Last.at - troubles.KEPT)

    assert panel(eva.get("/").text) == ("", [])


def test_many_polls_look_once(eva, django_assert_max_num_queries):
    eva.get("/readings/")
    with django_assert_max_num_queries(6):
        eva.get("/readings/")


def test_hosts_are_named_to_those_who_may_know_them(eva, host):
    for slug in ("rack2", "rack3", "rack4", "rack5"):
        make_domain(make_host(slug, state="unreachable"), f"guest-of-{slug}")
    ben = signed_in("ben", "viewer", host=Host.objects.get(slug="rack3"))
    nora = signed_in("nora", None)

    assert polled(eva)[1][0].startswith("rack2, rack3, rack4 and 1 more do not answer")
    assert polled(ben)[1][0].startswith("rack3 does not answer")
    assert polled(nora) == ("", [])
    ready = ben.get("/readyz").text
    assert "rack3" in ready
    assert not re.search("rack[1245]", ready)
    Grant.objects.filter(user__username="ben").delete()
    assert polled(ben) == ("", [])


def test_readiness_tells_the_same_in_the_same_words(eva):
    parts = ["database: ok", "redis: ok", "worker: ok", "watcher: ok"]
    assert eva.get("/readyz").text.splitlines() == ["ok", *parts]
    forget("worker", "w1")
    leases.release(leases.Fence("watcher:watcher-1", "watcher-1", 1))
    _, sentences = polled(eva)

    parts[2:] = ["worker: none answers", "watcher: none at work"]
    assert eva.get("/readyz").text.splitlines() == ["ok", *parts, *sentences]
    assert Client().get("/readyz").text == "ok\n"
    assert [t.sentence for t in troubles.troubles_for(make_user("x", "viewer"), take_pulse())] == sentences


def test_nothing_is_told_to_strangers(eva, host):
    forget("worker", "w1")
    eva.get("/readings/")

    assert 'id="troubles"' not in Client().get("/accounts/login/").text
