from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from domains.models import Batch, BatchItem, Domain, HistoryEntry, Operation
from tests.integration.web.factory import make_domain, make_user


def signed_in(name, role, **grant):
    client = Client()
    client.force_login(make_user(name, role, **grant))
    return client


@pytest.fixture
def mara(desk):
    return signed_in("mara", "operator")


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def hidden(answer):
    """Give the fields of the form that runs the plan."""
    form = re.search(r'<form id="run".*?</form>', answer.content.decode(), re.DOTALL).group()
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {name: value.replace("&amp;", "&") for name, value in found.items()} | {"parallel": "8"}


def test_plan_is_shown_first_and_run_as_it_was_shown(desk, mara):
    desk.guests("web1", "web2")
    desk.guest("full1", present="0-7", removable="2-7")
    keys = "&".join(f"domain={domain.pk}" for domain in Domain.objects.all())

    page = mara.get(f"/batches/new/?{keys}&action=add&count=2&affect=both")
    answer = mara.post("/batches/", hidden(page) | {"note": "release 42", "stop": "1"})

    assert "2 will change" in text(page)
    assert "1 cannot" in text(page)
    assert "adds vCPU 4-5, live and config" in text(page)
    assert "no free slot left" in text(page)
    assert 'href="/help/reasons/#no_absent_slot"' in page.content.decode()
    batch = Batch.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/batches/{batch.pk}/")
    assert (batch.actor, batch.door, batch.note, batch.stop_on_failure) == (
        "mara",
        "page",
        "release 42",
        True,
    )
    desk.work()
    shown = text(mara.get(f"/batches/{batch.pk}/"))
    assert "mara asked to add 2 vCPUs to 3 guests" in shown
    assert "2 of 2" in shown
    assert "release 42" in shown


def test_guest_that_changed_between_plan_and_run_is_left_alone(desk, mara):
    desk.guests("web1", "web2")
    page = mara.get("/batches/new/?all=1&q=web&action=add&count=1&affect=live")
    Domain.objects.filter(name="web1").update(live={"max": 8, "present": "0-4", "removable": "2-4"})

    mara.post("/batches/", hidden(page))

    batch = Batch.objects.get()
    assert desk.outcomes(batch) == {"web1": "refused", "web2": "queued"}
    assert "changed_meanwhile" in text(mara.get(f"/batches/{batch.pk}/"))


def test_sending_the_same_form_twice_makes_one_batch(desk, mara):
    desk.guests("web1")
    fields = hidden(mara.get("/batches/new/?all=1&action=add&count=1"))

    first, second = (mara.post("/batches/", fields) for _ in range(2))

    assert first["Location"] == second["Location"]
    assert Batch.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 404, "Choose at least one guest"),
        ("domain=999999", 404, "Choose at least one guest"),
        ("domain=abc", 404, "Choose at least one guest"),
        ("all=1&q=mail", 404, "No guest fits these filters"),
        ("all=1&count=many", 400, "whole number"),
        ("all=1&vcpu=x", 400, "not a list of vCPU IDs"),
        ("all=1&action=fly", 400, "is no action"),
        ("all=1&action=sync&affect=both", 400, "needs the one side"),
        ("all=1&q=%00", 400, "characters that no text has"),
        ("retry=7", 404, "no batch 7"),
        ("retry=x", 404, "no batch 0"),
    ],
)
def test_what_makes_no_sense_has_a_sentence_and_no_plan(desk, mara, query, status, words):
    desk.guests("web1")

    answer = mara.get(f"/batches/new/?{query}")

    assert answer.status_code == status
    assert words in text(answer)
    assert b'name="plan"' not in answer.content


@pytest.mark.parametrize("plan", ["", "abc", "1:x y:z", "999999:"])
def test_damaged_plan_is_refused_and_written_down(desk, mara, plan):
    desk.guests("web1")

    answer = mara.post("/batches/", {"action": "add", "plan": plan, "chosen": "all=1"})

    assert answer.status_code in (400, 404)
    assert not Batch.objects.exists()
    assert HistoryEntry.objects.filter(kind="refused").count() == 1


def test_form_that_makes_no_sense_shows_its_plan_again_with_the_reason(desk, mara, settings):
    desk.guests("web1")
    fields = hidden(mara.get("/batches/new/?all=1&action=add&count=1"))
    settings.REQUIRE_NOTE = True

    answer = mara.post("/batches/", fields)

    assert answer.status_code == 400
    assert "A note is required here" in text(answer)
    assert "1 will change" in text(answer)


def test_who_sees_a_part_sees_the_guests_of_that_part_and_a_number(desk, mara):
    desk.guests("web1", "db1")
    batch = desk.run(action="add", count=1)
    otto, nemo = signed_in("otto", "operator", pattern="web*"), signed_in("nemo", "viewer", pattern="mail*")

    page = otto.get(f"/batches/{batch.pk}/")

    assert "web1" in text(page)
    assert "db1" not in text(page)
    assert "1 more guest of this batch is not shown" in text(page)
    assert b"/events?" not in page.content
    assert f"batch%3A{batch.pk}".encode() in mara.get(f"/batches/{batch.pk}/").content
    assert nemo.get(f"/batches/{batch.pk}/").status_code == 404
    assert "1 guest" in text(otto.get("/batches/"))
    assert "No batch yet" in text(nemo.get("/batches/"))


def test_cancel_and_retry_from_the_page(desk, mara):
    desk.guests("web1", "web2")
    mara.post("/batches/", hidden(mara.get("/batches/new/?all=1&action=add&count=1")) | {"parallel": "1"})
    batch = Batch.objects.get()
    assert "Cancel what has not started" in text(mara.get(f"/batches/{batch.pk}/"))

    assert mara.post(f"/batches/{batch.pk}/cancel/", {"note": "not now"}).status_code == 303

    shown = text(mara.get(f"/batches/{batch.pk}/"))
    assert "mara cancelled what had not started" in shown
    assert "0 of 2" in shown  # whose turn never came is not through with it
    assert "Retry what was not achieved" in shown
    desk.bells.clear()
    again = mara.get(f"/batches/new/?retry={batch.pk}")
    assert "2 will change" in text(again)
    mara.post("/batches/", hidden(again))
    second = Batch.objects.first()
    assert second.retry_of == batch
    assert "retried by batch" in text(mara.get(f"/batches/{batch.pk}/"))
    refused = mara.post(f"/batches/{batch.pk}/cancel/")
    assert refused.status_code == 409
    assert "nothing of it is left to start" in text(refused)


def test_viewer_is_offered_neither(desk, mara):
    desk.guests("web1", "web2")
    batch = desk.run(action="add", count=1, parallel=1, work=False)
    vera = signed_in("vera", "viewer")

    page = vera.get(f"/batches/{batch.pk}/")

    assert "Cancel what has not" not in text(page)
    assert vera.post(f"/batches/{batch.pk}/cancel/").status_code == 403
    assert "vera may see web1 but not change it" in text(vera.get("/batches/new/?all=1"))


def test_list_can_be_narrowed_to_what_was_not_achieved(desk, mara):
    desk.guests("web1", "web2")
    desk.guest("full1", present="0-7", removable="2-7")
    batch = desk.run(action="add", count=1)

    assert "add 1 vCPU to 3 guests, current side 2 of 2 done 0 not achieved" in text(mara.get("/batches/"))
    assert "full1" not in text(mara.get(f"/batches/{batch.pk}/?show=done"))
    assert "full1" in text(mara.get(f"/batches/{batch.pk}/?show=left"))
    assert "No guest has such an outcome" in text(mara.get(f"/batches/{batch.pk}/?show=failed"))
    assert mara.get(f"/batches/{batch.pk}/?page=9999999999999999999").status_code == 200


def test_pages_take_as_many_queries_for_many_guests_as_for_one(desk, mara):
    def queries(path):
        with CaptureQueriesContext(connection) as captured:
            assert mara.get(path).status_code == 200
        return len(captured)

    one, many = desk.guests("one1"), desk.guests(*(f"web{number}" for number in range(30)))
    small, large = (desk.run(pattern, action="add", count=1, work=False) for pattern in ("one*", "web*"))

    assert len(one) < len(many)
    assert queries(f"/batches/{small.pk}/") == queries(f"/batches/{large.pk}/")
    assert queries("/batches/new/?all=1&q=one") == queries("/batches/new/?all=1&q=web")
    assert queries("/batches/") <= 8


def test_history_links_operations_and_entries_to_their_batch(desk, mara):
    desk.guests("web1")
    batch = desk.run(action="add", count=1)
    make_domain(desk.host, "other1")
    operation = Operation.objects.get()

    found = text(mara.get(f"/operations/?batch={batch.pk}"))
    page = mara.get(f"/operations/{operation.pk}/")

    assert "added vCPU 4 to web1" in found
    assert f'href="/batches/{batch.pk}/"'.encode() in page.content
    assert f"in batch {batch.pk}" in text(page)
    assert "No" in text(mara.get("/operations/?batch=99"))
    assert mara.get("/operations/?batch=x").status_code == 400
    admin = signed_in("adam", "administrator")
    everything = text(admin.get("/operations/?show=everything"))
    assert f"os:root started batch {batch.pk} to add 1 vCPU to 1 guest, current side" in everything
    assert f"had batch {batch.pk} carried out" in everything
    assert BatchItem.objects.count() == 1
