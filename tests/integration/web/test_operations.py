from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client

from domains.history.archive import remove
from domains.models import HistoryEntry
from domains.web import operations
from domains.web.works import problem_of
from tests.integration.history.ledgers import append
from tests.integration.web.factory import (
    make_domain,
    make_entry,
    make_host,
    make_operation,
    make_user,
    slot_map,
)


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="operation-(\d+)"', text)]


def test_list_is_newest_first_and_says_what_became_of_each(viewer, domain):
    done = make_operation(domain, [(5, "live", "done")], action="remove", status="succeeded", late=True)
    failed = make_operation(
        domain, [(2, "live", "failed")], status="failed", reason="domain_busy", message="It was busy."
    )
    text = viewer.get("/operations/").text
    assert numbers(text) == [failed.pk, done.pk]
    assert "succeeded late" in text
    assert "removed vCPU 5 of" in text
    assert "tried to add vCPU 2 to" in text
    assert "It was busy." in text


def test_list_says_how_long_the_guest_took_to_let_go(viewer, domain):
    operation = make_operation(domain, [(5, "live", "done")], action="remove", status="succeeded")
    effect = operation.effects.get()
    effect.applied_at = effect.settled_at - timedelta(seconds=0.34)
    effect.save()
    text = re.sub(r"\s+", " ", re.sub(r"<.*?>", "", viewer.get("/operations/").text))
    assert "mara removed vCPU 5 of web01, live · the guest let go after 0.3 s" in text


def test_list_shows_each_operation_once_however_much_happened_to_it(viewer, domain):
    operation = make_operation(
        domain, [(5, "live", "done")], status="succeeded", kinds=("requested", "started", "confirmed")
    )
    assert numbers(viewer.get("/operations/").text) == [operation.pk]


def test_list_shows_refusals_and_changes_from_outside(viewer, domain):
    make_entry("outside", domain, effects=[{"side": "config", "appeared": "6-7", "disappeared": ""}])
    make_entry(
        "outside",
        domain,
        effects=[
            {"side": "live", "appeared": "2", "disappeared": "4"},
        ],
    )
    make_entry(
        "refused",
        domain,
        actor="vera",
        door="api",
        action="add",
        requested={"vcpu": [3], "affect": "both"},
        message="vera may not.",
        reason="not_permitted",
    )
    text = re.sub(r"<.*?>", "", viewer.get("/operations/").text)
    assert "vCPU 6-7 of web01 appeared in config · changed outside Slotboard" in text
    assert "Slots of web01: 2 appeared live; 4 disappeared live" in text
    assert "vera asked to add vCPU 3 to web01, live and config · vera may not." in text


def test_former_name_of_a_guest_is_isolated_like_any_name(viewer, domain):
    make_entry("outside", domain, effects=[{"side": None, "renamed_from": "<i>old"}])
    assert "was renamed from <bdi>&lt;i&gt;old</bdi>" in viewer.get("/operations/").text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "explode", "requested": {"vcpu": ["<b>", "-1"], "affect": "sideways"}},
        {"requested": {"vcpu": None}, "effects": None, "message": None},
    ],
)
def test_list_survives_whatever_nonsense_was_refused(viewer, domain, body):
    make_entry("refused", domain, **body)
    answer = viewer.get("/operations/")
    assert answer.status_code == 200
    assert "<b>&lt;" not in answer.text.replace("<b><bdi>", "")
    assert "vCPU <b>" not in answer.text


def test_list_pages_by_the_historys_numbers_without_gap_or_repetition(viewer, domain, monkeypatch):
    monkeypatch.setattr(operations, "PAGE", 3)
    made = [make_operation(domain, [(vcpu, "live", "done")], status="succeeded").pk for vcpu in (2, 3, 6, 7)]
    make_entry("outside", domain, effects=[])
    seen: list[int] = []
    path, pages = "/operations/", 0
    while path:
        text = viewer.get(path).text
        seen += numbers(text)
        pages += 1
        older = re.search(r'href="(\?before=\d+)"', text)
        path = f"/operations/{older[1]}" if older else ""
    assert seen == sorted(made, reverse=True)
    assert pages == 2


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1e3", "\u0663"])
def test_malformed_page_number_is_a_400(viewer, before):
    assert viewer.get("/operations/", {"before": before}).status_code == 400


def test_list_shows_only_what_one_may_see(host):
    web, db = make_domain(host, "web01"), make_domain(host, "db01")
    same_uuid = make_domain(make_host("hv2"), "db01-old", uuid=db.uuid)
    theirs = make_operation(web, [(2, "live", "done")], status="succeeded")
    elsewhere = make_operation(same_uuid, [(2, "live", "done")], status="succeeded")
    mine = make_operation(db, [(2, "live", "done")], status="succeeded")
    client = Client()
    client.force_login(make_user("dora", "viewer", pattern="db*", host=host))
    assert numbers(client.get("/operations/").text) == [mine.pk]
    assert client.get(f"/operations/{mine.pk}/").status_code == 200
    assert client.get(f"/operations/{theirs.pk}/").status_code == 404
    assert client.get(f"/operations/{elsewhere.pk}/").status_code == 404


def test_auditor_sees_what_outlived_its_host(domain):
    operation = make_operation(domain, [(2, "live", "done")], status="succeeded")
    domain.host.delete()
    auditor, limited = Client(), Client()
    auditor.force_login(make_user("audrey", "auditor"))
    limited.force_login(make_user("omar", "operator", pattern="web*"))
    assert numbers(auditor.get("/operations/").text) == [operation.pk]
    assert auditor.get(f"/operations/{operation.pk}/").status_code == 200
    assert numbers(limited.get("/operations/").text) == []


def test_empty_list_teaches(viewer, db):
    assert "Nothing has happened yet" in viewer.get("/operations/").text
    text = viewer.get("/operations/?before=1").text
    assert "Nothing older" in text
    assert "archived" not in text


@pytest.mark.usefixtures("any_database")
def test_end_of_the_list_says_that_what_is_older_was_archived():
    domain = make_domain(make_host())
    for _ in range(3):
        make_entry("outside", domain, effects=[])
    append("archived", **{"from": 1, "to": 2})
    client = Client()
    client.force_login(make_user("vera", "viewer"))
    assert "archived" not in client.get("/operations/?before=1").text
    remove(2)
    text = client.get("/operations/?before=3").text
    assert "What is older was archived" in text


def test_list_takes_the_same_queries_for_one_row_and_for_thirty(
    viewer, domain, django_assert_num_queries, django_assert_max_num_queries
):
    first = make_operation(domain, [(2, "live", "done")], status="succeeded")
    # PostgreSQL is also asked for the newest line, and told in a transaction how to count.
    with django_assert_max_num_queries({"sqlite": 13, "postgresql": 17}[connection.vendor]) as counted:
        viewer.get("/operations/")
    for _ in range(29):
        first = make_operation(domain, [(2, "live", "done")], status="succeeded", undo_of=first)
    with django_assert_num_queries(len(counted)):
        viewer.get("/operations/")


def test_operation_page_tells_the_whole_story(viewer, host):
    domain = make_domain(host)
    operation = make_operation(
        domain,
        [(5, "live", "done"), (5, "config", "failed")],
        action="remove",
        status="partial",
        affect="both",
        affect_meant="both",
        reason="config_write_failed",
        message="The host could not store it.",
        note="ticket <4711>",
        kinds=("requested", "started", "waiting", "late", "failed"),
        before={"live": slot_map(8, "0-1,5", "5"), "config": slot_map(8, "0-1,5", "5")},
        after={"live": slot_map(8, "0-1", ""), "config": slot_map(8, "0-1,5", "5")},
    )
    operation.effects.filter(side="live").update(libvirt_code=68, libvirt_text="request timed out", late=True)
    text = viewer.get(f"/operations/{operation.pk}/").text
    plain = re.sub(r"\s+", " ", re.sub(r"<.*?>", "", text))
    assert "mara partly removed vCPU 5 of web01" in plain
    assert "The host could not store it. config_write_failed" in plain
    assert "3 live, 3 config" in plain
    assert "2 live (−1), 3 config" in plain
    assert "<b>absent</b>" in text
    assert "68: request timed out" in plain
    assert "mara asked to remove vCPU 5, live and config" in plain
    assert "Waiting: the guest was asked to let go" in plain
    assert "<code>virsh setvcpu web01 5 --disable --live</code>" in text
    assert "<code>virsh setvcpu web01 5 --disable --config</code>" in text
    assert "ticket &lt;4711&gt;" in text
    assert text.count("<details") == HistoryEntry.objects.count() == 5


def test_command_names_a_strange_guest_by_its_uuid(viewer, host):
    domain = make_domain(host, "web01; rm -rf /")
    operation = make_operation(domain, [(5, "live", "done")], status="succeeded")
    assert f"virsh setvcpu {domain.uuid} 5 --enable --live" in viewer.get(f"/operations/{operation.pk}/").text


def test_what_stands_above_is_not_repeated_beside_the_slot(viewer, domain):
    operation = make_operation(domain, [(2, "live", "failed"), (3, "live", "failed")], status="failed")
    operation.effects.update(reason="domain_busy")
    one, other = map(problem_of, operation.effects.all())
    operation.message = one
    operation.save()
    text = unescape(viewer.get(f"/operations/{operation.pk}/").text)
    shown = text[: text.index("What happened")]
    assert (shown.count(one), shown.count(other)) == (1, 1)


def test_operation_whose_slot_is_not_chosen_yet_says_so(viewer, domain):
    operation = make_operation(domain, status="queued")
    text = viewer.get(f"/operations/{operation.pk}/").text
    assert "asked to add the first available vCPU to" in text
    assert "will be decided when a worker takes it up" in text


def test_pictures_of_a_large_guest_show_the_rows_that_matter(viewer, host):
    large = slot_map(4096, "0-7,2000", "2000")
    domain = make_domain(host, "big01", live=large, config=large)
    operation = make_operation(domain, [(2000, "live", "done")], action="remove", status="succeeded")
    text = viewer.get(f"/operations/{operation.pk}/").text
    assert '<text class="hit"' in text
    assert ">2000</text>" in text
    assert len(text) < 20_000


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_unknown_operation_is_a_404(viewer, db, number):
    assert viewer.get(f"/operations/{number}/").status_code == 404


def test_operation_page_takes_a_fixed_number_of_queries(
    viewer, operator, domain, django_assert_max_num_queries
):
    operation = make_operation(
        domain, [(2, "live", "done")], status="succeeded", kinds=("requested", "started", "confirmed")
    )
    with django_assert_max_num_queries(11):
        viewer.get(f"/operations/{operation.pk}/")
    with django_assert_max_num_queries(13):  # also looks for what was changed since
        operator.get(f"/operations/{operation.pk}/")


def test_operation_page_links_to_what_came_before_and_after_on_the_same_guest(viewer, domain, host):
    first, second, third = (
        make_operation(domain, [(5, "live", "done")], status="succeeded") for _ in range(3)
    )
    make_operation(make_domain(host, "db01"), [(5, "live", "done")], status="succeeded")
    text = viewer.get(f"/operations/{second.pk}/").text
    assert f'href="/operations/{first.pk}/" rel="prev"' in text
    assert f'href="/operations/{third.pk}/" rel="next"' in text
    text = viewer.get(f"/operations/{third.pk}/").text
    assert f'href="/operations/{second.pk}/" rel="prev"' in text
    assert 'rel="next"' not in text


def test_each_raw_entry_has_a_place_to_point_at_and_a_page(viewer, domain):
    operation = make_operation(
        domain, [(5, "live", "done")], status="succeeded", kinds=("requested", "confirmed")
    )
    text = viewer.get(f"/operations/{operation.pk}/").text
    for entry in HistoryEntry.objects.all():
        assert f'id="entry-{entry.seq}"' in text
        assert f'href="#entry-{entry.seq}"' in text
        assert f'href="/operations/entries/{entry.seq}/"' in text
        assert f"<code>{entry.hash}</code>" in text
        assert f"<code>{entry.previous_hash}</code>" in text


def test_operation_page_says_from_where_the_request_came(operator, domain):
    path = f"/domains/{domain.host.slug}/{domain.uuid}/vcpus/"
    answer = operator.post(
        path, {"vcpu": "6", "action": "add", "affect": "live"}, REMOTE_ADDR="192.0.2.14", follow=True
    )
    number = re.search(r'href="/operations/(\d+)/"', answer.text)
    assert number
    assert "<dt>From</dt><dd>192.0.2.14</dd>" in operator.get(f"/operations/{number[1]}/").text


def test_page_of_an_operation_says_that_its_entries_are_archived(viewer, domain):
    operation = make_operation(domain, [(5, "live", "done")], status="succeeded", kinds=())
    text = viewer.get(f"/operations/{operation.pk}/").text
    assert "Its entries are no longer here. If they were archived, " in text
    assert 'href="/operations/?show=access"' in text
