from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from domains.models import Effect, HistoryEntry, Operation
from tests.integration.web.factory import make_domain, make_host, make_user

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post_url(page: str) -> str:
    return f"{page}vcpus/"


def entries(kind: str) -> list[dict]:
    return [json.loads(entry.body) for entry in HistoryEntry.objects.filter(kind=kind).order_by("seq")]


def test_post_without_script_redirects_to_the_outcome_in_place(operator, domain, page, post_url):
    answer = operator.post(post_url, {"action": "add", "vcpu": "5", "affect": "config", "note": " for load "})
    operation = Operation.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"{page}?operation={operation.pk}#change-outcome"
    assert (operation.action, operation.vcpu, operation.affect, operation.note) == (
        "add",
        [5],
        "config",
        "for load",
    )
    assert (operation.actor, operation.door) == ("mara", "page")
    (entry,) = entries("requested")
    assert entry["address"] == "127.0.0.1"
    outcome = operator.get(answer["Location"]).text
    assert f'id="outcome-{operation.pk}"' in outcome


def test_post_by_htmx_is_answered_with_the_outcome_alone(operator, domain, post_url):
    answer = operator.post(post_url, {"action": "add", "vcpu": "2", "affect": "live"}, headers=HTMX)
    operation = Operation.objects.get()
    assert answer.status_code == 200
    assert answer.text.startswith('<div class="note" id="outcome-')
    assert f'href="/operations/{operation.pk}/"' in answer.text
    assert "asked to add vCPU 2 to <bdi>web01</bdi>, live" in answer.text
    assert "slot-" not in answer.text


def test_several_slots_are_one_operation_in_their_order(operator, domain, post_url):
    operator.post(post_url, {"action": "add", "vcpu": ["2", "3", "7"], "affect": "both"})
    operation = Operation.objects.get()
    assert operation.vcpu == [2, 3, 7]
    assert Effect.objects.filter(operation=operation).count() == 6


@pytest.mark.parametrize(
    ("pick", "affect", "action", "vcpu", "expect"),
    [
        ("first live:2 config:3 both:3", "live", "add", "first", 2),
        ("first live:2 config:3 both:3", "both", "add", "first", 3),
        ("first config:3", "live", "add", "first", None),
        ("highest live:5 config:5 both:5", "config", "remove", "highest", 5),
    ],
)
def test_shortcut_sends_the_slot_that_was_shown(
    operator, domain, post_url, pick, affect, action, vcpu, expect
):
    answer = operator.post(post_url, {"pick": pick, "affect": affect, "vcpu": "6"})
    assert answer.status_code == 303
    operation = Operation.objects.get()
    assert (operation.action, operation.vcpu, operation.expect) == (action, vcpu, expect)


@pytest.mark.parametrize(
    ("pick", "affect", "vcpu"),
    [
        ("sync config 4,6-7", "config", [4, 6, 7]),
        ("sync live 4", "live", [4]),
        ("sync config", "config", "all"),
    ],
)
def test_sync_button_names_its_side_and_the_slots_that_were_shown(
    operator, domain, post_url, pick, affect, vcpu
):
    form = {"pick": pick, "affect": "both", "vcpu": "6", "expect": "5"}
    assert operator.post(post_url, form).status_code == 303
    operation = Operation.objects.get()
    assert (operation.action, operation.affect, operation.vcpu, operation.expect) == (
        "sync",
        affect,
        vcpu,
        None,
    )


@pytest.mark.parametrize("pick", ["sync", "sync both", "sync current 4", "sync live x", "sync guest 4"])
def test_sync_that_makes_no_sense_is_refused(operator, domain, post_url, pick):
    assert operator.post(post_url, {"pick": pick, "affect": "live"}).status_code == 400
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("action", "affect"), [("make_removable", "config"), ("online", "live"), ("offline", "live")]
)
@pytest.mark.parametrize("chosen", ["live", "config", "both"])
def test_side_that_is_chosen_does_not_matter_where_there_is_only_one(
    operator, domain, post_url, action, affect, chosen
):
    assert operator.post(post_url, {"action": action, "vcpu": "1", "affect": chosen}).status_code == 303
    operation = Operation.objects.get()
    assert (operation.action, operation.affect, operation.vcpu) == (action, affect, [1])


def test_unit_is_sent_as_one_value(operator, domain, post_url):
    operator.post(post_url, {"action": "add", "vcpu": ["2-3", "6-7"], "affect": "config"})
    assert Operation.objects.get().vcpu == [2, 3, 6, 7]


@pytest.mark.parametrize(("fields", "way"), [({}, "stop"), ({"on_failure": "continue"}, "continue")])
def test_going_on_after_a_failure_is_a_choice(operator, domain, post_url, fields, way):
    operator.post(post_url, {"action": "add", "vcpu": ["2", "3"], "affect": "config", **fields})
    assert Operation.objects.get().on_failure == way


def test_refused_form_keeps_units_and_the_way_to_go_on(operator, domain, post_url):
    form = {"action": "add", "vcpu": ["2-3", "x", "9" * 50], "affect": "live", "on_failure": "continue"}
    text = operator.post(post_url, form).text
    assert len(re.findall(r'name="vcpu" value="[23]" [^>]*checked', text)) == 2
    assert re.search(r'name="on_failure" value="continue"[^>]* checked', text)


def test_first_and_expect_can_be_named_without_a_shortcut(operator, domain, post_url):
    operator.post(post_url, {"action": "add", "vcpu": "first", "affect": "live", "expect": "2"})
    operation = Operation.objects.get()
    assert (operation.vcpu, operation.expect) == ("first", 2)


@pytest.mark.parametrize("by_htmx", [False, True])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"vcpu": "-5"}, "is not a list of vCPU IDs"),
        ({"vcpu": "99999999999999999999"}, "is not a list of vCPU IDs"),
        ({"vcpu": "4096"}, "out of range"),
        ({"vcpu": "five"}, "is not a list of vCPU IDs"),
        ({"vcpu": "<b>"}, "is not a list of vCPU IDs"),
        ({"vcpu": []}, "Name at least one vCPU"),
        ({"vcpu": ["5", "5"]}, "named twice"),
        ({"vcpu": "highest"}, "does not go with add"),
        ({"vcpu": "5", "affect": "sideways"}, "no side"),
        ({"vcpu": "5", "affect": ""}, "no side"),
        ({"vcpu": "5", "action": "explode"}, "no action"),
        ({"vcpu": "first", "expect": "x"}, "is not a list of vCPU IDs"),
        ({"vcpu": "5", "note": "n" * 2001}, "2000 is the most"),
        ({"pick": "nonsense live:x"}, "no action"),
    ],
)
def test_malformed_request_is_a_clear_400_and_no_operation(
    operator, domain, post_url, fields, words, by_htmx
):
    form = {"action": "add", "affect": "live", **fields}
    answer = operator.post(post_url, form, headers=HTMX if by_htmx else {})
    assert answer.status_code == 400
    message = re.sub(r"\s+", " ", answer.text)
    assert words in message
    assert 'class="note fail" data-refused' in message
    assert ("<html" in message) is not by_htmx
    assert not Operation.objects.exists()
    (entry,) = entries("refused")
    assert entry["reason"] == "invalid_request"
    assert entry["actor"] == "mara"


def test_refused_form_keeps_what_was_chosen(operator, domain, post_url):
    text = operator.post(
        post_url, {"action": "add", "vcpu": ["2", "3", "x"], "affect": "both", "note": "why <b>"}
    ).text
    checked = re.findall(r'<input [^>]*name="(vcpu|affect)" value="(\w+)"[^>]* checked>', text)
    assert checked == [("vcpu", "2"), ("vcpu", "3"), ("affect", "both")]
    assert 'value="why &lt;b&gt;"' in text


@pytest.mark.parametrize("by_htmx", [False, True])
def test_viewer_who_posts_is_refused_and_noted(viewer, domain, post_url, by_htmx):
    answer = viewer.post(
        post_url, {"action": "add", "vcpu": "5", "affect": "live"}, headers=HTMX if by_htmx else {}
    )
    assert answer.status_code == 403
    assert not Operation.objects.exists()
    (entry,) = entries("refused")
    assert (entry["actor"], entry["reason"]) == ("vera", "not_permitted")


def test_stranger_who_posts_learns_nothing_of_the_domain(stranger, domain, post_url):
    answer = stranger.post(post_url, {"action": "add", "vcpu": "5", "affect": "live"})
    assert answer.status_code == 404
    assert "web01" not in answer.text
    assert not Operation.objects.exists()


def test_operator_of_one_guest_cannot_change_another(host):
    client = Client()
    client.force_login(make_user("omar", "operator", pattern="web*"))
    web, db = make_domain(host, "web01"), make_domain(host, "db01")
    form = {"action": "add", "vcpu": "5", "affect": "config"}
    assert client.post(f"/domains/hv1/{db.uuid}/vcpus/", form).status_code == 404
    assert client.post(f"/domains/hv1/{web.uuid}/vcpus/", form).status_code == 303
    assert Operation.objects.get().domain == web


def test_unknown_host_is_a_clear_404(operator, domain):
    answer = operator.post(
        f"/domains/nowhere/{domain.uuid}/vcpus/", {"action": "add", "vcpu": "5", "affect": "live"}
    )
    assert answer.status_code == 404
    assert "There is no host “nowhere”" in answer.text


@pytest.mark.parametrize("token", [None, "forged" * 10])
@pytest.mark.parametrize("by_htmx", [False, True])
def test_missing_or_forged_csrf_token_changes_nothing(domain, post_url, token, by_htmx):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("mara", "operator"))
    form = {"action": "add", "vcpu": "5", "affect": "live"}
    if token:
        form["csrfmiddlewaretoken"] = token
    answer = client.post(post_url, form, headers=HTMX if by_htmx else {})
    assert answer.status_code == 403
    assert "This form did not come from a page of yours" in answer.text
    assert ("<html" in answer.text) is not by_htmx
    assert not Operation.objects.exists()
    (entry,) = entries("refused")
    assert (entry["actor"], entry["reason"], entry["domain"]["name"]) == ("mara", "not_permitted", "web01")


def test_token_of_the_page_is_accepted(domain, page, post_url):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("mara", "operator"))
    found = re.search(
        r'id="change".*?name="csrfmiddlewaretoken" value="(\w+)"', client.get(page).text, re.DOTALL
    )
    assert found
    form = {"action": "add", "vcpu": "5", "affect": "config", "csrfmiddlewaretoken": found[1]}
    assert client.post(post_url, form).status_code == 303


def test_change_answers_posts_only(operator, domain, post_url):
    assert operator.get(post_url).status_code == 405


def test_request_for_an_unreachable_host_becomes_an_operation(operator):
    domain = make_domain(make_host("hv3", state="unreachable", seen=300))
    form = {"action": "add", "vcpu": "5", "affect": "config"}
    assert operator.post(f"/domains/hv3/{domain.uuid}/vcpus/", form).status_code == 303
    assert Operation.objects.count() == 1
