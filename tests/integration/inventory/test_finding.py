"""Finding domains for the fleet: what fits, in which order, on both databases."""

from __future__ import annotations

import uuid

import pytest

from domains.inventory.finding import SORTS, FleetFilters, find
from domains.models import Domain
from tests.integration.web.factory import make_domain, make_host, make_operation, slot_map

UUID = uuid.UUID("3f2a1188-9c4d-4e5f-8a6b-7c8d9e0f1a2b")


@pytest.fixture
def fleet(any_database: str) -> None:
    """Six guests on three hosts, of which one is away and one is switched off; a seventh is gone."""
    near, away = make_host("hv1"), make_host("hv2", state="unreachable")
    off = make_host("rack9", state="paused", enabled=False)
    make_domain(near, "Web01", uuid=UUID, live=slot_map(8, "0-5", "4-5"))
    make_domain(near, "db01", state="shut off", live=None)
    web02 = make_domain(away, "web02", state="paused")
    make_domain(away, "100%_a\\b", config=None, persistent=False)
    small = make_domain(off, "zoo", live=slot_map(8, "0", ""), config=slot_map(8, "0-1", ""))
    make_domain(near, "app", live=slot_map(4096, "0-4095", ""), config=slot_map(4096, "0-4095", ""))
    gone = make_domain(near, "web-gone", live=None)
    Domain.objects.filter(pk=gone.pk).update(gone_at=gone.synced_at)
    make_operation(web02, [(2, "live", "waiting")], status="waiting")
    make_operation(small, status="succeeded")


def names(seen=None, **filters) -> list[str]:
    found = find(FleetFilters(**filters), Domain.objects.all() if seen is None else seen)
    return [domain.name for domain in found]


FILTERED = {
    "everything": ({}, {"Web01", "db01", "web02", "100%_a\\b", "zoo", "app"}),
    "name, in either case": ({"q": "wEb"}, {"Web01", "web02"}),
    "name, inside": ({"q": "b0"}, {"Web01", "db01", "web02"}),
    "name, with what SQL takes for a joker": ({"q": "%_"}, {"100%_a\\b"}),
    "name, with a backslash": ({"q": "a\\b"}, {"100%_a\\b"}),
    "host of the words": ({"q": "RACK"}, {"zoo"}),
    "UUID, whole": ({"q": str(UUID)}, {"Web01"}),
    "UUID, upper case without dashes": ({"q": UUID.hex.upper()}, {"Web01"}),
    "UUID, its beginning": ({"q": "3f2a11"}, {"Web01"}),
    "UUID, across a dash": ({"q": "1188-9c4d"}, {"Web01"}),
    "UUID, too little of its middle": ({"q": "1188-9c4"}, set()),
    "UUID, its end": ({"q": "7C8D9E0F1A2B"}, {"Web01"}),
    "UUID, a part without the dash": ({"q": "11889c4d4e"}, {"Web01"}),
    "too few digits of a UUID": ({"q": "3f2a1"}, set()),
    "nothing": ({"q": "xylophone"}, set()),
    "host": ({"host": "hv2"}, {"web02", "100%_a\\b"}),
    "a host by half its name": ({"host": "hv"}, set()),
    "state": ({"state": "shut off"}, {"db01"}),
    "differs": ({"differs": True}, {"Web01", "zoo"}),
    "waiting": ({"waiting": True}, {"web02"}),
    "unreachable or paused": ({"unreachable": True}, {"web02", "100%_a\\b", "zoo"}),
    "two at once": ({"q": "web", "unreachable": True}, {"web02"}),
    "two that never meet": ({"differs": True, "waiting": True}, set()),
}


def test_filters_keep_what_fits(fleet):
    found = {what: set(names(**filters)) for what, (filters, _) in FILTERED.items()}
    assert found == {what: expected for what, (_, expected) in FILTERED.items()}


def test_letters_of_other_alphabets_have_one_case_on_either_database(any_database):
    for name in ("Ärger-Web", "ΣΙΓΜΑ", "İstanbul", "straße"):
        make_domain(make_host(f"rack{len(name)}"), name)
    sought = ("ärger", "Ärger-wEB", "σιγμα", "ΣΙΓΜΑ", "istanbul", "strasse", "STRAßE")
    found = {words: names(q=words) for words in sought}
    assert {words: hits for words, hits in found.items() if hits} == {
        "Ärger-wEB": ["Ärger-Web"],
        "ΣΙΓΜΑ": ["ΣΙΓΜΑ"],
        "STRAßE": ["straße"],
    }


ORDERED = {
    "": ["Web01", "app", "db01", "100%_a\\b", "web02", "zoo"],
    "host": ["Web01", "app", "db01", "100%_a\\b", "web02", "zoo"],
    "name": ["100%_a\\b", "Web01", "app", "db01", "web02", "zoo"],
    "state": ["web02", "100%_a\\b", "Web01", "app", "zoo", "db01"],
    "-live": ["app", "Web01", "100%_a\\b", "web02", "zoo", "db01"],
    "-config": ["app", "Web01", "db01", "web02", "zoo", "100%_a\\b"],
    "-changed": ["zoo", "web02", "100%_a\\b", "Web01", "app", "db01"],
}


def test_orders_are_whole_and_turn_round(fleet):
    assert {sort: names(sort=sort) for sort in ORDERED} == ORDERED
    for sort in SORTS:
        other = sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
        assert names(sort=sort) == names(sort=other)[::-1]


def test_only_what_is_seen_is_found(fleet):
    assert names(Domain.objects.filter(host__slug="hv1"), q="0") == ["Web01", "db01"]


def test_an_order_that_does_not_exist_is_an_error(db):
    with pytest.raises(KeyError):
        find(FleetFilters(sort="colour"), Domain.objects.all())
