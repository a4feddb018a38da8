from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.models import Grant, HostState
from domains.operations.actor import Actor
from domains.operations.batches.plan import plan
from domains.operations.batches.wanted import Wanted, parse_manner, parse_wanted
from domains.operations.refused import RequestRefused
from domains.vcpu.affect import Affect
from domains.vcpu.rules import Action
from tests.integration.web.factory import make_domain, make_host, make_user, slot_map


@pytest.fixture
def host(db):
    return make_host()


def planned(domains, actor=None, *, action="add", vcpu=None, count=None, affect="both"):
    wanted = Wanted(Action(action), vcpu, count, Affect(affect))
    found = plan(actor or Actor("os:root", "command"), list(domains), wanted)
    return [(str(one.state), one.words, str(one.reason), list(one.vcpu)) for one in found]


@pytest.mark.parametrize(
    ("asked", "state", "words", "slots"),
    [
        ({"count": 2}, "due", "adds vCPU 2-3, live and config", [2, 3]),
        ({"vcpu": "first", "affect": "live"}, "due", "adds vCPU 2, live", [2]),
        ({"vcpu": [7, 6], "affect": "config"}, "due", "adds vCPU 6-7, config", [7, 6]),
        ({"vcpu": [4, 6]}, "due", "adds vCPU 6, live and config", [6]),
        ({"action": "remove", "count": 2}, "due", "removes vCPU 4-5, live and config", [5, 4]),
        ({"action": "remove", "vcpu": "highest", "affect": "current"}, "due", "removes vCPU 5, live", [5]),
        ({"vcpu": [4]}, "nothing", "vCPU 4 of web01 is already present in the running guest", []),
        ({"action": "remove", "vcpu": [1]}, "cannot", "was there when the guest booted", []),
        ({"vcpu": [8]}, "cannot", "vCPU 8 of web01 does not exist", []),
        ({"count": 5}, "cannot", "fewer than were asked for", []),
        (
            {"action": "make_removable", "vcpu": [1], "affect": "config"},
            "due",
            "makes removable vCPU 1, config",
            [1],
        ),
        ({"action": "sync", "vcpu": "all", "affect": "config"}, "nothing", "hold the same vCPUs", []),
    ],
)
def test_plan_of_a_guest_says_what_changes_or_why_not(host, asked, state, words, slots):
    domain = make_domain(host)

    ((found, said, _, ids),) = planned([domain], **asked)

    assert (found, ids) == (state, slots)
    assert words in said


def test_sides_that_differ_are_told_apart(host):
    domain = make_domain(host, config=slot_map(8, "0-1,4-6", "4-6"))

    assert planned([domain], vcpu=[6, 7])[0][1] == "adds vCPU 6-7, live; adds vCPU 7, config"
    assert planned([domain], action="sync", vcpu="all", affect="live")[0][1] == "adds vCPU 6, live"


def test_same_rules_as_for_one_guest_give_the_reason(host):
    away = make_host("hv2", state=HostState.UNREACHABLE)
    domains = [
        make_domain(host, "off01", state="shut off", live=None),
        make_domain(away, "lost01"),
        make_domain(host, "fleet01", persistent=False, config=None),
    ]

    assert [one[2] for one in planned(domains, count=1)] == [
        "domain_not_running",
        "host_unreachable",
        "domain_not_persistent",
    ]
    assert planned(domains[:1], count=1, affect="current")[0][1] == "adds vCPU 2, config"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            {"state": HostState.UNREACHABLE},
            "The host of web01 does not answer, so nothing could be changed; look again when it does.",
        ),
        ({"enabled": False}, "is switched off here, so nothing could be changed; an administrator can"),
    ],
)
def test_guest_of_a_host_that_is_away_is_told_what_would_be_and_not_what_was(host, state, words):
    domain = make_domain(make_host("hv2", **state), "web01")

    (found,) = planned([domain], action="remove", vcpu=[5])

    assert found[0] == "cannot"
    assert words in found[1]


def test_guest_that_may_only_be_seen_is_told_and_not_planned(host):
    user = make_user("vito", "viewer")
    Grant.objects.create(user=user, role="operator", pattern="web*")
    domains = [make_domain(host, "web01"), make_domain(host, "db01")]
    actor = Actor("vito", "page", user)

    first, second = planned(domains, actor, count=1)

    assert first[0] == "due"
    assert (second[0], second[2]) == ("cannot", "not_permitted")
    assert "vito may see db01 but not change it" in second[1]


def test_a_thousand_guests_take_as_many_queries_as_one(host):
    domains = [make_domain(host, f"web{number}") for number in range(1000)]
    user = make_user("olga", "operator")

    def queries(some):
        with CaptureQueriesContext(connection) as captured:
            assert len(planned(some, Actor("olga", "page", user), count=2)) == len(some)
        return len(captured)

    assert queries(domains) == queries(domains[:1]) <= 4


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"action": "online"}, "is not done to many guests"),
        ({"action": "add", "vcpu": 5, "count": 2}, "not both"),
        ({"action": "add", "count": 0}, "whole number from 1"),
        ({"action": "add", "count": "two"}, "“two”"),
        ({"action": "sync", "affect": "config", "count": 2}, "does not go with sync"),
        ({"action": "make-removable", "affect": "config"}, "needs vCPU IDs"),
        ({"action": "remove", "vcpu": "first"}, "does not go with remove"),
        ({"action": "add", "parallel": 1000}, "from 1 to 100"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(asked, words):
    with pytest.raises(RequestRefused, match=words):
        _ = parse_wanted(asked), parse_manner(asked)
