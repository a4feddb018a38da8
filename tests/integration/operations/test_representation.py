from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domains.models import Domain
from domains.operations.representation import domain_json
from tests.integration.web.factory import make_domain, make_host, slot_map

GUEST = {"vcpus": "0-3", "online": "0-2", "offlinable": "1-3", "slots": {"0": 0, "1": 1, "4": 2, "5": 3}}


def told(domain: Domain, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(domain_json(domain, **more)))
    return found


@pytest.fixture
def domain(db: None) -> Domain:
    return make_domain(make_host(), guest=GUEST, guest_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC))


def test_every_slot_and_side_has_codes_and_sentences(domain):
    slot = told(domain)["slots"][1]
    assert slot["reasons"] == {
        "live": {"add": "already_present", "remove": "not_removable"},
        "config": {"add": "already_present", "remove": None, "make_removable": None},
        "guest": {"online": "already_online", "offline": None},
    }
    assert "was there when the guest booted" in slot["messages"]["live"]["remove"]
    for side, codes in slot["reasons"].items():
        for action, code in codes.items():
            assert (slot["messages"][side][action] is None) == (code is None)
    assert slot["hints"] == {"live": [], "config": [], "guest": []}


def test_guests_view_is_told_by_slot_and_as_a_whole(domain):
    found = told(domain)
    assert found["guest"] == {
        "vcpus": "0-3", "online": "0-2", "offlinable": "1-3", "read": "2026-11-24T09:00:00.000000Z"
    }  # fmt: skip
    assert found["slots"][4]["guest"] == {"cpu": 2, "online": True}
    assert found["slots"][5]["guest"] == {"cpu": 3, "online": False}
    assert found["slots"][2]["guest"] == {"cpu": None, "online": None}


def test_guest_that_was_never_asked_is_null(domain):
    domain.guest = domain.guest_at = None
    found = told(domain)
    assert found["guest"] is None
    assert found["slots"][0]["guest"] == {"cpu": None, "online": None}


def test_hints_name_the_open_operation_and_missing_rights(domain):
    domain.state = "paused"
    slots = told(domain, changeable=False, open_effects={(5, "live"): 17, (5, "config"): 17})["slots"]
    codes = {side: [hint["code"] for hint in hints] for side, hints in slots[5]["hints"].items()}
    assert codes == {
        "live": ["guest_paused", "operation_open", "not_permitted"],
        "config": ["operation_open", "not_permitted"],
        "guest": ["not_permitted"],
    }


def test_warnings_concern_the_whole_domain(domain):
    assert told(domain)["warnings"] == []
    domain.host.cpus, domain.unmarked = 2, "6-7"
    assert [each["code"] for each in told(domain)["warnings"]] == ["more_than_host_cpus", "unmarked_slots"]


def test_thousands_of_slots_take_no_query(db, django_assert_num_queries):
    slots = slot_map(4096, "0-4000", "8-4000")
    big = make_domain(make_host(), "big01", live=slots, config=slots, state="paused")
    with django_assert_num_queries(0):
        assert len(domain_json(big, changeable=False)["slots"]) == 4096  # type: ignore[arg-type]
