"""Batches and rights: nobody asks, ends or retries beyond what they may change, or learns of guests they may not see."""

from __future__ import annotations

import pytest

from domains.models import Batch, Domain, HistoryEntry, Operation
from domains.operations.actor import Actor
from domains.operations.batches import control, retrying
from domains.operations.refused import RequestRefused
from tests.integration.api.conftest import caller_for, refusal
from tests.integration.batches.test_pages import hidden, signed_in, text
from tests.integration.web.factory import access, make_user


def actor(name, role=None, limit="", **grant):
    return Actor(name, "api", make_user(name, role, **grant), token="nightly" if limit else "", limit=limit)


def code_of(deed, *arguments):
    with pytest.raises(RequestRefused) as caught:
        deed(*arguments)
    return str(caught.value.code)


def test_who_may_change_none_of_the_guests_asks_for_no_batch(desk):
    desk.guests("web1", "web2")
    vera = caller_for("vera", "viewer")

    assert refusal(vera.post("/batches", {"action": "add", "match": "*"})) == (403, "not_permitted")
    page = signed_in("vic", "viewer")
    answer = page.post("/batches/", hidden(page.get("/batches/new/?all=1&action=add&count=1")))

    assert answer.status_code == 403
    assert "vic may see the chosen guests but not change them" in text(answer)
    assert not Batch.objects.exists()
    refused = HistoryEntry.objects.filter(kind="refused").values_list("reason", flat=True)
    assert list(refused) == ["not_permitted"] * 2


def test_batch_is_not_ended_by_who_only_looks(desk):
    desk.guests("web1")
    olga = actor("olga", "operator")
    batch = desk.run(actor=olga, action="add", count=1, work=False)
    limited = Actor("olga", "api", olga.user, token="nightly", limit="viewer")
    vera = actor("vera", "viewer")

    assert code_of(control.cancel, limited, batch.pk) == "not_permitted"
    desk.work()
    assert code_of(control.cancel, vera, batch.pk) == "not_permitted"
    assert code_of(retrying.retriable, vera, batch.pk) == "not_permitted"
    assert code_of(control.cancel, olga, batch.pk) == "not_cancellable"


def test_what_others_retry_of_their_guests_leaves_the_rest_to_be_retried(desk):
    desk.guests("web1", "db1")
    batch = desk.run(action="add", count=1, parallel=1, work=False)
    control.cancel(desk.actor, batch.pk)
    otto = actor("otto", "operator", pattern="web*")
    vera = signed_in("vera", "viewer", pattern="db*")

    again = desk.run(actor=otto, choice=retrying.retriable(otto, batch.pk), action="add", count=1, work=False)

    assert desk.outcomes(again).keys() == {"web1"}
    assert [domain.name for domain in retrying.retriable(desk.actor, batch.pk).domains] == ["db1"]
    assert code_of(retrying.retriable, otto, batch.pk) == "not_retriable"
    assert "retried by" not in text(vera.get(f"/batches/{batch.pk}/"))


def test_what_stopped_a_batch_is_told_without_naming_a_guest(desk):
    known = desk.guests("db1", "web1")
    batch = desk.run(action="add", vcpu=[5], parallel=1, stop_on_failure=True, work=False)
    desk.simulator.vanish(known["db1"])
    desk.work()
    otto = caller_for("otto", "viewer", pattern="web*")
    page = signed_in("olga", "viewer", pattern="web*")

    told = otto.get(f"/batches/{batch.pk}")

    failed = Operation.objects.get(domain_name="db1")
    assert told.json()["message"] == f"Nothing more was started after operation {failed.pk}, which is failed."
    assert "db1" not in told.content.decode()
    assert "db1" not in page.get(f"/batches/{batch.pk}/").content.decode()


def test_batch_is_listened_to_by_the_names_that_its_guests_keep(desk):
    desk.guests("web1")
    batch = desk.run(action="add", count=1)
    page = signed_in("otto", "viewer", pattern="web*")
    known = Domain.objects.get()
    batch.items.update(domain=None)  # as when its host was removed and added again

    found = access(page.cookies["sessionid"].value)

    assert found.may_subscribe({f"batch:{batch.pk}"})
    known.delete()
    assert not access(page.cookies["sessionid"].value).may_subscribe({f"batch:{batch.pk}"})
