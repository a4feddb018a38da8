"""What a person is asked about once more before it is done."""

from __future__ import annotations

from typing import Any

import pytest

from domains.operations.harm import harm_of
from domains.operations.parse import parse_change
from tests.integration.web.factory import make_domain, make_host, slot_map

pytestmark = pytest.mark.django_db


def codes(domain: Any, vcpu: object, affect: str = "live", action: str = "remove") -> list[str]:
    change = parse_change({"action": action, "vcpu": vcpu, "affect": affect})
    return [hint.code for hint in harm_of(domain, change)]


@pytest.fixture
def big():
    slots = slot_map(32, "0-19", "2-19")
    return make_domain(make_host(), "db01", live=slots, config=slots, topology={})


@pytest.mark.parametrize(
    ("vcpu", "found"),
    [
        ([19], []),
        ([12, 13, 14, 15, 16, 17, 18, 19], []),
        (list(range(11, 20)), ["many"]),
        (list(range(2, 20)), ["many", "last"]),
        ("highest", []),
    ],
)
def test_many_and_the_last_are_asked_about(big, vcpu, found):
    assert codes(big, vcpu) == found


def test_most_of_a_few_is_many(big):
    big.live = slot_map(32, "0-6", "2-6")
    assert codes(big, [6, 5]) == []
    assert codes(big, [6, 5, 4]) == ["many"]
    assert codes(big, [6, 5, 4], "config") == []


def test_each_side_counts_and_is_told_of_once(big):
    big.live = big.config = slot_map(32, "0-2", "2")
    (hint,) = harm_of(big, parse_change({"action": "remove", "vcpu": [2], "affect": "both"}))
    assert hint.message == (
        "vCPU 2 is the last that can be removed from db01 while it runs: after that it can only be given more."
    )
    (hint,) = harm_of(big, parse_change({"action": "remove", "vcpu": "highest", "affect": "config"}))
    assert "in its configuration" in hint.message


@pytest.mark.parametrize(("agent", "words"), [(None, "no guest agent"), (False, "does not answer")])
def test_guest_that_cannot_be_heard_is_asked_about_on_its_live_side(big, agent, words):
    big.agent = agent
    (hint,) = harm_of(big, parse_change({"action": "remove", "vcpu": [19], "affect": "both"}))
    assert hint.code == "unheard"
    assert words in hint.message
    assert "vCPU 19" in hint.message
    assert codes(big, [19], "config") == []


def test_what_only_adds_or_will_be_refused_is_not(big):
    big.agent = None
    assert codes(big, [25], action="add") == []
    assert codes(big, [1]) == []  # fixed
    big.state, big.live = "shut off", None
    assert codes(big, [19]) == []


def test_sync_that_removes_is_a_removal(big):
    big.config = slot_map(32, "0-1", "")
    assert codes(big, "all", "live", "sync") == ["many", "last"]
    assert codes(big, "all", "config", "sync") == []
    big.agent = None
    big.config = slot_map(32, "0-18", "2-18")
    assert codes(big, [19], "live", "sync") == ["unheard"]
