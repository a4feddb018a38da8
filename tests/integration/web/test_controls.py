from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from domains.models import Domain, Effect, HistoryEntry, Operation
from tests.integration.web.factory import make_domain, make_operation, make_user

DEEDS = ("cancel", "ask-again", "stop-waiting")


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<.*?>", "", text)))


def removal(domain: Domain, state: str, **fields: object) -> Operation:
    status = {"pending": "queued"}.get(state, state)
    operation = make_operation(domain, [(5, "live", state)], action="remove", status=status, **fields)
    if state != "pending":
        operation.effects.update(applied_at=datetime.now(UTC) - timedelta(seconds=40), run=domain.run)
        Operation.objects.filter(pk=operation.pk).update(attempt=1)
    return operation


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("pending", ["cancel"]),
        ("waiting", ["ask-again", "stop-waiting"]),
        ("unconfirmed", ["ask-again"]),
    ],
)
def test_buttons_fit_where_the_operation_stands(operator, domain, state, offered):
    operation = removal(domain, state)
    text = operator.get(f"/operations/{operation.pk}/").text
    assert re.findall(r'form="control" formaction="/operations/\d+/([a-z-]+)/"', text) == offered
    assert text.index('id="operation"') < text.index('id="control"') < text.index('id="controls"')
    assert "<form" not in text[text.index('<ul id="controls"') :].split("</ul>")[0]


@pytest.mark.parametrize("state", ["pending", "waiting", "unconfirmed"])
def test_viewer_is_offered_nothing(viewer, domain, state):
    text = viewer.get(f"/operations/{removal(domain, state).pk}/").text
    assert "formaction" not in text
    assert 'id="control"' not in text


def test_operation_that_was_taken_up_again_cannot_be_cancelled(operator, domain):
    operation = removal(domain, "pending")
    Operation.objects.filter(pk=operation.pk).update(attempt=1, asking=True)
    assert "formaction" not in operator.get(f"/operations/{operation.pk}/").text


@pytest.mark.parametrize(
    ("deed", "state", "kind", "after"),
    [
        ("cancel", "pending", "cancelled", "cancelled"),
        ("ask-again", "waiting", "asked_again", "queued"),
        ("ask-again", "unconfirmed", "asked_again", "queued"),
        ("stop-waiting", "waiting", "stopped_waiting", "unconfirmed"),
    ],
)
def test_button_does_what_it_says_and_goes_back(operator, domain, deed, state, kind, after):
    operation = removal(domain, state, actor="anna")
    answer = operator.post(f"/operations/{operation.pk}/{deed}/", {"note": " because "})
    assert answer.status_code == 303
    assert answer["Location"] == f"/operations/{operation.pk}/"
    operation.refresh_from_db()
    assert operation.status == after
    body = json.loads(HistoryEntry.objects.get(kind=kind).body)
    assert (body["actor"], body["door"], body["note"]) == ("mara", "page", "because")
    told = plain(operator.get(answer["Location"]).text)
    assert "mara" in told
    assert "through the page from 127.0.0.1“because”" in told


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("cancel", "is waiting and can no longer be cancelled"),
        ("stop-waiting", "there is nothing to stop waiting for"),
        ("ask-again", "there is nothing to ask the guest again"),
    ],
)
def test_refusal_is_shown_in_place(operator, domain, deed, words):
    state = {"cancel": "waiting", "stop-waiting": "unconfirmed", "ask-again": "pending"}[deed]
    operation = removal(domain, state)
    answer = operator.post(f"/operations/{operation.pk}/{deed}/")
    assert answer.status_code == 409
    assert words in plain(answer.text)
    assert 'id="operation"' in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("deed", DEEDS)
def test_viewer_who_posts_is_refused_in_place(viewer, domain, deed):
    operation = removal(domain, "waiting")
    answer = viewer.post(f"/operations/{operation.pk}/{deed}/")
    assert answer.status_code == 403
    assert "ask an administrator for the operator role" in plain(answer.text)
    operation.refresh_from_db()
    assert operation.status == "waiting"


@pytest.mark.parametrize("deed", DEEDS)
def test_stranger_learns_nothing(stranger, domain, deed):
    operation = removal(domain, "waiting")
    answer = stranger.post(f"/operations/{operation.pk}/{deed}/")
    assert answer.status_code == 404
    assert "web01" not in answer.text


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_unknown_operation_is_a_404(operator, domain, number):
    assert operator.post(f"/operations/{number}/cancel/").status_code == 404


@pytest.mark.parametrize("deed", DEEDS)
def test_controls_answer_posts_with_a_token_only(domain, deed):
    operation = removal(domain, "waiting")
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("mara", "operator"))
    path = f"/operations/{operation.pk}/{deed}/"
    assert client.get(path).status_code == 405
    assert client.post(path).status_code == 403
    operation.refresh_from_db()
    assert operation.status == "waiting"
    assert [entry.kind for entry in HistoryEntry.objects.order_by("seq")] == ["requested", "refused"]


def test_long_note_is_cut_rather_than_lost(operator, domain):
    operation = removal(domain, "waiting")
    assert operator.post(f"/operations/{operation.pk}/stop-waiting/", {"note": "n" * 3000}).status_code == 303
    assert len(json.loads(HistoryEntry.objects.get(kind="stopped_waiting").body)["note"]) == 2000


def test_wait_says_since_when_until_when_and_what_to_look_at(viewer, host, settings):
    settings.UNPLUG_PATIENCE = timedelta(minutes=5)
    domain = make_domain(host, state="paused")
    operation = removal(domain, "waiting")
    moment = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)
    operation.effects.update(applied_at=moment)
    text = viewer.get(f"/operations/{operation.pk}/").text
    assert 'datetime="2026-11-24T09:00:30.000+00:00"' in text
    assert "Until 09:05:30 that counts as waiting" in plain(text)
    assert "virsh resume web01" in text
    assert "lscpu --extended" in text
    Domain.objects.update(state="running")
    assert "virsh domstate --reason web01" in viewer.get(f"/operations/{operation.pk}/").text


def test_unconfirmed_operation_says_that_it_is_still_looked_for(viewer, domain):
    told = plain(viewer.get(f"/operations/{removal(domain, 'unconfirmed').pk}/").text)
    assert "It is no longer expected, but Slotboard looks on" in told
    assert "that counts as waiting" not in told


GUEST = {"vcpus": "0-3", "online": "0-3", "offlinable": "1-3", "slots": {"0": 0, "1": 1, "4": 2, "5": 3}}


def commands(client: Client, operation: Operation) -> list[str]:
    text = client.get(f"/operations/{operation.pk}/").text
    return [html.unescape(found) for found in re.findall(r'<div class="cli"><code>(.*?)</code>', text)]


def test_command_of_the_guests_own_actions_takes_the_guests_numbers(viewer, host):
    domain = make_domain(host, guest=GUEST)
    operation = make_operation(domain, [(5, "guest", "done")], action="offline", status="succeeded")
    Effect.objects.update(target="offline", run=domain.run)
    assert commands(viewer, operation) == ["virsh setguestvcpus web01 3 --disable"]
    Effect.objects.update(target="online")
    assert commands(viewer, operation) == ["virsh setguestvcpus web01 3 --enable"]


@pytest.mark.parametrize("fields", [{"guest": None}, {"guest": GUEST, "run": 2}])
def test_command_lists_the_guests_numbers_where_they_are_not_known(viewer, host, fields):
    domain = make_domain(host, **fields)
    operation = make_operation(domain, [(5, "guest", "done")], action="offline", status="succeeded")
    Effect.objects.update(target="offline", run=1)
    assert commands(viewer, operation) == ["virsh guestvcpus web01"]
    assert "which of them is vCPU 5 is not known now" in plain(
        viewer.get(f"/operations/{operation.pk}/").text
    )


def test_page_of_a_guests_own_change_tells_what_came_of_it(viewer, host):
    domain = make_domain(host, guest=GUEST)
    operation = make_operation(
        domain, [(5, "guest", "done"), (4, "guest", "failed")], action="offline", status="partial",
        reason="not_offlinable", on_failure="continue",
    )  # fmt: skip
    Effect.objects.update(target="offline", run=domain.run)
    text = viewer.get(f"/operations/{operation.pk}/").text
    rows = re.findall(r"<tr><th scope=\"row\">(vCPU \d)</th>(.*?)</tr>", text)
    cells = {name: [plain(cell) for cell in re.findall(r"<td>(.*?)</td>", row)] for name, row in rows}
    assert cells["vCPU 5"][:3] == ["guest", "not recorded", "offline"]
    assert cells["vCPU 4"][:3] == ["guest", "not recorded", "not recorded"]
    assert "no such side" not in text
    assert "go on with the rest" in text
    assert "offline vCPU 5, 4" in plain(text)


def test_what_the_guest_said_stands_once_at_its_slot(viewer, domain):
    operation = removal(domain, "failed", reason="guest_refused")
    operation.effects.update(reason="guest_refused", libvirt_text="device busy")
    text = plain(viewer.get(f"/operations/{operation.pk}/").text)
    assert "It said: device busy" in text
    assert "libvirt said" not in text


def test_command_makes_all_slots_removable_in_one_call(viewer, domain):
    operation = make_operation(
        domain, [(1, "config", "done"), (2, "config", "done")], action="make_removable", status="succeeded"
    )
    Effect.objects.update(target="removable", step=1)
    assert commands(viewer, operation) == ["virsh setvcpu web01 1-2 --enable --config"]


def test_command_for_a_driver_that_counts_gives_the_number(viewer, domain):
    domain.host.specific = False
    domain.host.save()
    operation = make_operation(domain, [(5, "live", "done")], action="remove", status="succeeded")
    assert commands(viewer, operation) == ["virsh setvcpus web01 3 --live"]
