"""Undoing and retrying from the page of an operation, and the links between the two."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from domains.models import Domain, Effect, HistoryEntry, Operation
from domains.web.fragments import render
from tests.integration.web.factory import make_domain, make_operation, make_user, slot_map
from tests.integration.web.test_controls import plain

DEEDS = ("undo", "retry")
BEFORE = {"live": slot_map(8, "0-1,4", "4"), "config": slot_map(8, "0-1,4-5", "4-5")}


def added(domain: Domain, **fields: object) -> Operation:
    """An addition of vCPU 5, live, that stands as it was left."""
    fields = {"status": "succeeded", "before": BEFORE, "attempt": 1} | fields
    operation = make_operation(domain, [(5, "live", "done")], **fields)
    operation.effects.update(run=domain.run)
    return operation


def failed(domain: Domain, **fields: object) -> Operation:
    fields = {"status": "failed", "reason": "domain_busy", "attempt": 1} | fields
    return make_operation(domain, [(3, "live", "failed")], **fields)


def buttons(client: Client, operation: Operation) -> dict[str, tuple[bool, str]]:
    """Give for each button whether it can be pressed, and what is said beside it."""
    text = client.get(f"/operations/{operation.pk}/").text
    found = re.findall(
        r'formaction="/operations/\d+/([a-z-]+)/"( disabled)?>.*?</button><p>(.*?)</p>', text, re.DOTALL
    )
    return {deed: (not disabled, html.unescape(plain(words))) for deed, disabled, words in found}


def links(client: Client, path: str) -> list[str]:
    return [plain(link) for link in re.findall(r'<span class="also">(.*?)</span>', client.get(path).text)]


def test_ended_operations_offer_what_makes_sense(operator, domain):
    partial = make_operation(
        domain, [(5, "live", "done"), (3, "live", "failed")], status="partial", before=BEFORE,
        reason="domain_busy",
    )  # fmt: skip
    partial.effects.update(run=domain.run)
    assert buttons(operator, added(domain)) == {
        "undo": (True, "A new operation would remove vCPU 5 of web01, live.")
    }
    assert buttons(operator, failed(domain)) == {
        "retry": (True, "A new operation would add vCPU 3 to web01, live.")
    }
    assert buttons(operator, make_operation(domain, status="cancelled")).keys() == {"retry"}
    assert buttons(operator, partial).keys() == {"undo", "retry"}
    assert buttons(operator, partial)["retry"][1].endswith("What succeeded is left as it is.")


def test_who_may_only_look_is_offered_nothing(viewer, domain):
    text = viewer.get(f"/operations/{added(domain).pk}/").text
    assert "formaction" not in text
    assert 'id="control"' not in text


@pytest.mark.parametrize(
    ("fields", "reason", "words"),
    [
        ({"live": slot_map(8, "0-1,4", "4")}, "changed_meanwhile", "no longer stands as operation 1 left it"),
        ({"run": 2}, "run_ended", "ended with that run"),
        ({"live": slot_map(8, "0-1,4-5", "4")}, "not_removable", "was there when the guest booted"),
    ],
)  # fmt: skip
def test_what_is_in_the_way_of_undoing_stands_beside_the_button(operator, domain, fields, reason, words):
    operation = added(domain, pk=1)
    Domain.objects.update(**fields)
    possible, told = buttons(operator, operation)["undo"]
    assert not possible
    assert words in told
    assert told.endswith(reason)


def test_host_that_is_away_is_in_the_way_of_both(operator, host, domain):
    operations = added(domain), failed(domain)
    host.state = "unreachable"
    host.save()
    for operation in operations:
        ((possible, told),) = buttons(operator, operation).values()
        assert (possible, told.endswith("host_unreachable")) == (False, True)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"vcpu": "first", "affect": "live", "expect": 2}, "add vCPU 2 to web01, live."),
        ({"vcpu": "first", "affect": "live"}, "add the first available vCPU to web01, live."),
        ({"vcpu": "first", "affect": "live", "expect": 7}, "changed_meanwhile"),
        ({"action": "sync", "vcpu": "all", "affect": "config"}, "already_alike"),
        ({"action": "remove", "vcpu": [0], "affect": "both"}, "vcpu0_fixed"),
        ({"action": "remove", "vcpu": [0, 5], "affect": "live", "on_failure": "continue"}, "remove vCPU 0,5 of web01, live."),
        ({"action": "remove", "vcpu": [0], "affect": "live", "ask_anyway": True}, "The rules are left out, as before."),
        ({"action": "make_removable", "vcpu": [4], "affect": "config"}, "already_removable"),
        ({"action": "make_removable", "vcpu": [1], "affect": "config"}, "make removable vCPU 1 of web01, config."),
        ({"action": "offline", "vcpu": [4], "affect": "current"}, "take offline vCPU 4 of web01, current side."),
        ({"vcpu": [5, 6], "affect": "live"}, "add vCPU 5-6 to web01, live."),
        ({"vcpu": [5], "affect": "both"}, "already_present"),
    ],
)  # fmt: skip
def test_rules_say_beforehand_what_a_retry_would_come_to(operator, domain, asked, told):
    operation = make_operation(domain, **{"status": "failed", "reason": "domain_busy"} | asked)
    possible, words = buttons(operator, operation)["retry"]
    assert words.endswith(told)
    assert possible == (" " in told)


def test_delay_of_a_removal_is_told(operator, domain):
    operation = added(domain)
    Domain.objects.update(state="paused")
    assert "the removal waits until it is resumed" in buttons(operator, operation)["undo"][1]


def test_button_leads_to_the_new_operation_and_both_pages_to_each_other(operator, domain):
    first = added(domain, actor="anna")
    answer = operator.post(f"/operations/{first.pk}/undo/", {"note": " because "})
    back = Operation.objects.get(undo_of=first)
    assert (answer.status_code, answer["Location"]) == (303, f"/operations/{back.pk}/")
    assert (back.action, back.vcpu, back.affect, back.actor, back.note) == (
        "remove",
        [5],
        "live",
        "mara",
        "because",
    )
    assert links(operator, f"/operations/{back.pk}/") == [f"undoes operation {first.pk}"]
    assert links(operator, f"/operations/{first.pk}/") == [f"to be undone by operation {back.pk}"]
    possible, told = buttons(operator, first)["undo"]
    assert (possible, f"Operation {back.pk} is to undo operation {first.pk}" in told) == (False, True)
    assert links(operator, "/operations/") == [
        f"undoes operation {first.pk}",
        f"to be undone by operation {back.pk}",
    ]
    for status, words in (("succeeded", "undone by"), ("partial", "partly undone by")):
        Operation.objects.filter(pk=back.pk).update(status=status, finished_at=back.created_at)
        assert links(operator, f"/operations/{first.pk}/") == [f"{words} operation {back.pk}"]


def test_retry_leads_to_the_new_operation(operator, domain):
    first = failed(domain)
    answer = operator.post(f"/operations/{first.pk}/retry/")
    again = Operation.objects.get(retry_of=first)
    assert (answer.status_code, answer["Location"]) == (303, f"/operations/{again.pk}/")
    assert links(operator, f"/operations/{again.pk}/") == [f"retries operation {first.pk}"]
    assert links(operator, f"/operations/{first.pk}/") == [f"retried by operation {again.pk}"]


def test_htmx_has_the_browser_go_to_the_new_operation(operator, domain):
    first = added(domain)
    answer = operator.post(f"/operations/{first.pk}/undo/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (
        200,
        f"/operations/{Operation.objects.latest('pk').pk}/",
    )
    answer = operator.post(f"/operations/{first.pk}/undo/", headers={"HX-Request": "true"})
    assert (answer.status_code, "is to undo operation" in answer.text) == (409, True)
    assert "<html" not in answer.text


@pytest.mark.parametrize(("deed", "words"), [("undo", "changed nothing"), ("retry", "has succeeded")])
def test_refusal_is_shown_in_place(operator, domain, deed, words):
    operation = failed(domain) if deed == "undo" else added(domain)
    answer = operator.post(f"/operations/{operation.pk}/{deed}/", {"note": "keep me"})
    assert answer.status_code == 409
    assert words in plain(answer.text)
    assert 'role="alert"' in answer.text
    assert 'value="keep me"' in answer.text
    body = json.loads(HistoryEntry.objects.get(kind="refused").body)
    assert (body["action"], body["asked_about"], body["door"]) == (deed, str(operation.pk), "page")
    assert f"mara asked to {deed} operation {operation.pk} of web01 · " in plain(
        operator.get("/operations/").text
    )


@pytest.mark.parametrize("deed", DEEDS)
def test_only_operators_get_through(viewer, stranger, domain, deed):
    operation = added(domain)
    path = f"/operations/{operation.pk}/{deed}/"
    assert viewer.post(path).status_code == 403
    answer = stranger.post(path)
    assert (answer.status_code, "web01" in answer.text) == (404, False)
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("mara", "operator"))
    assert (client.get(path).status_code, client.post(path).status_code) == (405, 403)
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("deed", DEEDS)
def test_required_note_is_required_here_too(operator, domain, settings, deed):
    settings.REQUIRE_NOTE = True
    operation = added(domain) if deed == "undo" else failed(domain)
    answer = operator.post(f"/operations/{operation.pk}/{deed}/")
    assert (answer.status_code, "A note is required here" in plain(answer.text)) == (400, True)
    assert operator.post(f"/operations/{operation.pk}/{deed}/", {"note": "T-1"}).status_code == 303


def test_open_pages_of_the_first_learn_of_the_second(domain):
    first = added(domain)
    back = make_operation(domain, [(5, "live", "pending")], action="remove", undo_of=first)
    wanted = frozenset({"operations", f"operation:{first.pk}", f"operation:{back.pk}"})
    rendered = render(f"operation:{back.pk}", "change", wanted)
    assert rendered.fragments["operations"].keys() == {f"operation-{first.pk}", f"operation-{back.pk}"}
    page = rendered.fragments[f"operation:{first.pk}"]
    assert f'to be undone by <a href="/operations/{back.pk}/">' in page["operation"]
    assert " disabled>" in page["controls"]


def test_buttons_cost_no_query_for_each_slot(operator, host, django_assert_num_queries):
    domain = make_domain(host, live=slot_map(64, "0-63", "1-63"), config=slot_map(64, "0-63", "1-63"))
    before = {"live": slot_map(64, "0", ""), "config": slot_map(64, "0", "")}
    few, many = (
        make_operation(domain, [(vcpu, "live", "done") for vcpu in slots], status="succeeded", before=before)
        for slots in (range(1, 3), range(3, 60))
    )
    Effect.objects.update(run=domain.run)
    with CaptureQueriesContext(connection) as queries:
        assert buttons(operator, few)["undo"][0]
    with django_assert_num_queries(len(queries)):
        assert buttons(operator, many)["undo"][0]
