"""Asking again for what an operation did not do, and what is refused of undoing and retrying alike."""

from __future__ import annotations

import json

import pytest

from domains.inventory.store import apply_gone, revision_of
from domains.models import HistoryEntry, Operation
from domains.operations import control
from domains.operations.actor import Actor
from domains.operations.followups import retry, undo
from domains.vcpu.slots import Side
from tests.integration.operations.followups import present, refusal, undone
from tests.integration.web.factory import make_user


def test_failed_operation_is_retried_until_it_succeeds(desk, guest):
    desk.simulator.tune(reachable=False)
    failed = desk.ask(guest, "add", "first", "both", on_failure="continue", note="T-1")
    first = desk.work(retry(desk.actor, failed.pk, note="T-2"))
    assert (first.status, first.retry_of, first.vcpu, first.note) == ("failed", failed, "first", "T-2")
    desk.simulator.tune(reachable=True)
    second = desk.work(retry(desk.actor, failed.pk))
    assert (second.status, second.retry_of, second.on_failure) == ("succeeded", failed, "continue")
    assert present(desk, guest) == [[0, 1, 2, 3, 4]] * 2
    code, status, words = refusal(retry, desk.actor, failed.pk)
    assert (code, status) == ("not_retriable", 409)
    assert f"Operation {second.pk} has retried operation {failed.pk} already" in words


def test_retry_asks_for_the_slot_that_the_word_had_meant(desk, guest):
    desk.host.monitor = True
    desk.host.save(update_fields=["monitor"])
    desk.simulator.guest(guest, "refuses")
    refused = desk.ask(guest, "remove", "highest", "live")
    assert (refused.status, refused.reason) == ("failed", "guest_refused")
    desk.simulator.guest(guest, "cooperates")
    desk.simulator.foreign_set(guest, 5, True, Side.LIVE)  # the highest by now
    again = desk.work(retry(desk.actor, refused.pk))
    assert (again.status, again.vcpu) == ("succeeded", [3])
    assert present(desk, guest)[0] == [0, 1, 2, 5]


def test_partial_outcome_is_retried_for_its_rest(desk, guest):
    partial = desk.ask(guest, "remove", [1, 3, 2], "live", on_failure="continue")
    assert (partial.status, partial.reason) == ("partial", "not_removable")
    still = desk.work(retry(desk.actor, partial.pk))
    assert (still.status, still.reason, still.vcpu) == ("failed", "not_removable", [1])
    assert present(desk, guest)[0] == [0, 1]


def test_cancelled_operation_is_retried(desk, guest):
    cancelled = control.cancel(desk.actor, desk.ask(guest, "add", [5], work=False).pk)
    desk.bells.clear()
    again = desk.work(retry(desk.actor, cancelled.pk))
    assert (again.status, again.vcpu, again.affect) == ("succeeded", [5], "both")


def test_domain_that_is_gone_leaves_nothing_to_do(desk):
    uuid = desk.guest()
    added = desk.ask(uuid, "add", [5])
    failed = desk.ask(uuid, "add", [5])
    apply_gone(desk.host.pk, uuid, read_revision=revision_of(desk.host.pk, uuid))
    assert refusal(undo, desk.actor, added.pk)[:2] == ("domain_not_found", 409)
    assert refusal(retry, desk.actor, failed.pk)[:2] == ("domain_not_found", 409)


@pytest.mark.parametrize(
    ("deed", "word", "code"), [(undo, "undo", "not_undoable"), (retry, "retry", "not_retriable")]
)
def test_refused_request_stands_in_the_history(desk, guest, deed, word, code):
    queued = desk.ask(guest, "add", [5], work=False)
    refusal(deed, Actor("mara", "page", address="10.0.0.9"), queued.pk, note="why not")
    body = json.loads(HistoryEntry.objects.get(kind="refused").body)
    assert (body["action"], body["asked_about"], body["actor"], body["note"]) == (
        word,
        str(queued.pk),
        "mara",
        "why not",
    )
    assert body["reason"] == code
    desk.work()


@pytest.mark.parametrize("deed", [undo, retry])
def test_who_may_only_see_asks_for_nothing(desk, guest, deed):
    operation = desk.ask(guest, "add", [5])
    viewer, stranger = make_user("vera", "viewer"), make_user("otto")
    assert refusal(deed, Actor("vera", "api", viewer), operation.pk)[:2] == ("not_permitted", 403)
    assert refusal(deed, Actor("otto", "api", stranger), operation.pk)[:2] == ("operation_not_found", 404)
    assert refusal(deed, desk.actor, 999)[:2] == ("operation_not_found", 404)
    assert refusal(deed, desk.actor, operation.pk, note="n" * 3000)[:2] == ("invalid_request", 400)
    assert Operation.objects.count() == 1
    assert HistoryEntry.objects.filter(kind="refused").count() == 4


def test_key_that_is_sent_again_gives_the_first_undoing(desk, guest):
    added = desk.ask(guest, "add", [5], "live")
    other = desk.ask(guest, "add", [6], "live")
    back = undone(desk, added, idempotency_key="k-1")
    assert undo(desk.actor, added.pk, idempotency_key="k-1") == back
    for deed, number, note in ((undo, other.pk, ""), (undo, added.pk, "x"), (retry, added.pk, "")):
        code, status, _ = refusal(deed, desk.actor, number, note=note, idempotency_key="k-1")
        assert (code, status) == ("idempotency_mismatch", 422)
    assert Operation.objects.count() == 3
