"""Hosts and domains: what is listed, for whom, and in how many queries."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.models import Host
from tests.integration.api.conftest import caller_for, refusal
from tests.integration.web.factory import make_domain, make_host, make_operation, slot_map


def names(answer):
    return [row["name"] for row in answer.json()["domains"]]


def test_hosts_are_told_with_what_was_last_seen(domain, viewer):
    (told,) = viewer.get("/hosts").json()["hosts"]
    assert (told["host"], told["state"], told["enabled"], told["domains"]) == ("hv1", "connected", True, 1)
    assert told["state_since"].endswith("Z")


def test_hosts_tell_how_they_answer_and_why_they_do_not(domain, viewer):
    Host.objects.update(
        round_trip=1.25,
        asynchronous=True,
        monitor=True,
        queue="rack-a",
        state="unreachable",
        last_error="It is off.",
    )
    (told,) = viewer.get("/hosts").json()["hosts"]
    facts = [told[name] for name in ("round_trip", "asynchronous", "monitor", "queue", "last_error")]
    assert facts == [1.25, True, True, "rack-a", "It is off."]


def test_hosts_are_those_of_which_one_sees_a_domain(domain, viewer, stranger):
    make_host("hv2")
    assert [host["host"] for host in viewer.get("/hosts").json()["hosts"]] == ["hv1", "hv2"]
    assert stranger.get("/hosts").json() == {"hosts": []}
    some = caller_for("omar", "operator", pattern="web*")
    assert [host["host"] for host in some.get("/hosts").json()["hosts"]] == ["hv1"]


def test_domains_are_told_in_brief(domain, viewer):
    answer = viewer.get("/domains").json()
    assert answer["next"] is None
    (row,) = answer["domains"]
    assert row == {
        "host": "hv1",
        "host_state": "connected",
        "name": "web01",
        "uuid": str(domain.uuid),
        "state": "running",
        "persistent": True,
        "live": {"max": 8, "present": "0-1,4-5", "removable": "4-5"},
        "config": {"max": 8, "present": "0-1,4-5", "removable": "4-5"},
        "unit_size": 1,
        "agent": True,
        "synced": row["synced"],
    }


def test_domains_are_filtered(host, viewer, domain):
    make_domain(host, "Web02", state="shut off")
    make_domain(make_host("hv2"), "db01")
    gone = make_domain(host, "gone")
    gone.gone_at = gone.synced_at
    gone.save()
    assert names(viewer.get("/domains")) == ["web01", "Web02", "db01"]
    assert names(viewer.get("/domains", host="hv2")) == ["db01"]
    assert names(viewer.get("/domains", q="WEB")) == ["web01", "Web02"]
    assert names(viewer.get("/domains", q="web", state="shut off")) == ["Web02"]
    assert names(viewer.get("/domains", q="%")) == []
    assert names(viewer.get("/domains", host="", q="", state="", cursor="")) == ["web01", "Web02", "db01"]


def test_domains_are_found_by_what_is_going_on(host, viewer, domain):
    away = make_host("hv2", state="unreachable")
    other = make_domain(away, "db01", config=slot_map(8, "0-1", ""))
    make_operation(domain, [(5, "live", "waiting")], status="waiting")
    assert names(viewer.get("/domains", differs="true")) == ["db01"]
    assert names(viewer.get("/domains", waiting="1")) == ["web01"]
    assert names(viewer.get("/domains", unreachable="true")) == ["db01"]
    assert names(viewer.get("/domains", unreachable="false", differs="", waiting="false")) == [
        "web01",
        "db01",
    ]
    assert names(viewer.get("/domains", waiting="true", differs="true")) == []
    assert names(viewer.get("/domains", q="HV2")) == ["db01"]
    assert names(viewer.get("/domains", q=str(other.uuid)[:13])) == ["db01"]


def test_domains_are_paged_by_key(host, viewer):
    for number in range(205):
        make_domain(host, f"guest{number:03}")
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        answer = viewer.get("/domains", cursor=cursor)
        seen += names(answer)
        cursor = answer.json()["next"]
        pages += 1
    assert (pages, seen) == (3, [f"guest{number:03}" for number in range(205)])


def test_domains_take_a_fixed_number_of_queries(host, viewer):
    def count():
        viewer.get("/domains")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            viewer.get("/domains")
        return len(queries)

    make_domain(host, "guest")
    one = count()
    for number in range(20):
        make_domain(host, f"guest{number}")
    assert count() == one <= 4


def test_domains_seen_are_those_one_was_granted(host, domain, stranger):
    make_domain(host, "db01")
    assert names(caller_for("omar", "operator", pattern="web*").get("/domains")) == ["web01"]
    assert names(stranger.get("/domains")) == []


@pytest.mark.parametrize(
    "query",
    [
        {"state": "dancing"},
        {"cursor": "x"},
        {"cursor": "-1"},
        {"cursor": "9" * 30},
        {"q": "x" * 301},
        {"q": "a\0b"},
        {"host": "\0"},
        {"differs": "perhaps"},
    ],
)
def test_query_that_makes_no_sense_is_refused_by_name(domain, viewer, query):
    answer = viewer.get("/domains", **query)
    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["message"].startswith(f"“{next(iter(query))}” does not fit: ")


@pytest.mark.parametrize("by", ["uuid", "name"])
def test_domain_is_told_slot_by_slot(domain, viewer, by):
    told = viewer.get(f"/domains/hv1/{getattr(domain, by)}").json()
    assert (told["host"], told["name"], len(told["slots"])) == ("hv1", "web01", 8)
    assert told["slots"][1]["live"] == "fixed"
    assert told["slots"][1]["reasons"]["live"]["remove"] == "not_removable"
    assert told["slots"][5]["reasons"]["config"]["remove"] is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/domains/nowhere/web01", "host_not_found"),
        ("/domains/hv1/nobody", "domain_not_found"),
        (f"/domains/hv1/{uuid.uuid4()}", "domain_not_found"),
        ("/domains/hv1/a%00b", "domain_not_found"),
        ("/domains/h%00v/web01", "host_not_found"),
        ("/domains/hv1/%ff%fe", "domain_not_found"),
        ("/domains/hv1/a%2Fb", "invalid_request"),
        ("/domains//web01", "invalid_request"),
    ],
)
def test_domain_that_is_not_there_is_a_404(domain, viewer, path, code):
    assert refusal(viewer.get(path)) == (404, code)


def test_domain_one_may_not_see_is_answered_like_none(domain, stranger):
    assert refusal(stranger.get("/domains/hv1/web01")) == (404, "host_not_found")
