"""What anybody may send to the doors of batches: a clear answer, whatever it is."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from domains.models import Batch, Domain, HistoryEntry
from domains.operations.batches import control
from domains.operations.batches.wanted import parse_manner, parse_wanted
from domains.operations.refused import RequestRefused
from tests.integration.web.factory import make_user


@pytest.fixture
def mara(any_desk):
    client = Client()
    client.force_login(make_user("mara", "operator"))
    return client


@pytest.mark.parametrize(
    "number", ["0000000080000000000", "1" + "0" * 5000, "00000000" + "9" * 5000, "000", "", "²", "1e3", "-1"]
)
def test_number_is_read_whole_or_refused(number):
    with pytest.raises(RequestRefused, match="How many are changed at a time is a whole number from 1 to"):
        parse_manner({"parallel": number})
    with pytest.raises(RequestRefused, match="The number of vCPUs is a whole number from 1 to"):
        parse_wanted({"action": "add", "count": number})


def test_leading_zeros_do_no_harm():
    assert parse_manner({"parallel": "0000000000000000008"}, planning=True).parallel == 8


def test_page_of_guests_that_is_not_there_is_empty(any_desk, mara):
    any_desk.guests("web1")
    batch = any_desk.run(action="add", count=1)

    for page in ("2", "999", "9" * 18):
        answer = mara.get(f"/batches/{batch.pk}/?page={page}")
        assert answer.status_code == 200
        assert "No guest has such an outcome." in answer.content.decode()


def test_key_that_no_database_holds_is_refused(any_desk, mara):
    any_desk.guests("web1")
    key = any_desk.choice().domains[0].pk

    answer = mara.post("/batches/", {"action": "add", "plan": f"{key}:0", "key": "a\0b"})

    assert answer.status_code == 400
    assert "visible ASCII" in answer.content.decode()
    assert HistoryEntry.objects.filter(kind="refused").count() == 1
    assert not Batch.objects.exists()


@pytest.mark.parametrize("number", [1, 999])
def test_note_that_no_database_holds_is_refused_and_written_down(any_desk, number):
    any_desk.guests("web1")
    any_desk.run(action="add", count=1)

    with pytest.raises(RequestRefused) as refused:
        control.cancel(any_desk.actor, number, note="why\0")

    assert str(refused.value.code) == ("invalid_request" if number == 1 else "batch_not_found")
    body = json.loads(HistoryEntry.objects.get(kind="refused").body)
    assert body["note"] == "why\N{REPLACEMENT CHARACTER}"


def test_filters_are_kept_as_they_can_be_written_down(any_desk, mara):
    any_desk.guests("web1")
    key = any_desk.choice().domains[0].pk

    answer = mara.post("/batches/", {"action": "add", "plan": f"{key}:0", "chosen": "all=1&q=%00"})

    assert answer.status_code == 303
    assert Batch.objects.get().chosen == {"filters": {"q": "\N{REPLACEMENT CHARACTER}"}}


def test_guest_that_goes_while_a_batch_is_asked_for_leaves_none(any_desk):
    any_desk.guests("web1", "web2")
    choice = any_desk.choice()
    Domain.objects.get(name="web1").delete()  # as with its host, after it was chosen

    with pytest.raises(RequestRefused, match="web1 was removed") as refused:
        any_desk.run(choice=choice, action="add", count=1)

    assert refused.value.code == "domain_not_found"
    assert not Batch.objects.exists()
    assert HistoryEntry.objects.get(kind="refused").reason == "domain_not_found"
