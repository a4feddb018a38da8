from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from domains.models import Effect, Operation
from tests.integration.web.factory import (
    make_domain,
    make_entry,
    make_host,
    make_operation,
    make_power,
    make_user,
    slot_map,
)


def slot(text: str, vcpu: int) -> str:
    """Cut one slot out of a page."""
    found = re.search(rf'<(label|span) class="slot" id="slot-{vcpu}".*?</\1>(?=<|$)', text, re.DOTALL)
    assert found, f"no slot {vcpu}"
    return found[0]


def count_row(text: str, name: str) -> list[str]:
    row = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', text, re.DOTALL)
    assert row
    return [re.sub(r"<.*?>|≠", "", cell) for cell in re.findall(r"<td.*?</td>", row[1])]


def test_domain_page_shows_the_four_counts_of_virsh(viewer, host):
    domain = make_domain(host, live=slot_map(8, "0-5", "2-5"), config=slot_map(16, "0-1", ""))
    text = viewer.get(f"/domains/hv1/{domain.uuid}/").text
    assert count_row(text, "maximum") == ["16", "8"]
    assert count_row(text, "current") == ["2", "6"]


def test_domain_page_leaves_out_the_side_that_is_not_there(viewer, host):
    off = make_domain(host, "off", state="shut off", live=None)
    transient = make_domain(host, "transient", persistent=False, config=None)
    assert count_row(viewer.get(f"/domains/hv1/{off.uuid}/").text, "current") == ["4", "–"]
    assert count_row(viewer.get(f"/domains/hv1/{transient.uuid}/").text, "current") == ["–", "4"]


def test_slot_says_what_it_is_and_whether_it_can_be_changed(operator, domain, page):
    text = operator.get(page).text
    first, third, fifth = slot(text, 0), slot(text, 2), slot(text, 4)
    assert 'data-live="1" data-config="1" data-kind="fixed"' in first
    assert 'aria-label="vCPU 0: present, live and config, fixed"' in first
    assert "every guest keeps it" in first
    assert 'data-can="live config"' in third
    assert "Live: absent, can be added." in third
    assert "Live: present, can be removed." in fifth
    assert "Place: socket 0, core 2, thread 0" in fifth
    assert 'type="checkbox" form="change" name="vcpu" value="4"' in fifth


def test_slot_that_booted_with_the_guest_gives_the_reason(operator, domain, page):
    assert "was there when the guest booted and cannot be removed while it runs" in slot(
        operator.get(page).text, 1
    )


def test_slot_that_differs_between_the_sides_says_so(operator, host):
    domain = make_domain(host, live=slot_map(8, "0-1,4", "4"), config=slot_map(8, "0-1,6", "6"))
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    assert 'data-st="differ"' in slot(text, 4)
    assert "<i>live</i>" in slot(text, 4)
    assert "<i>config</i>" in slot(text, 6)
    assert "vCPU 4 live only" in text
    assert "vCPU 6 config only" in text


@pytest.mark.parametrize(
    ("action", "status", "state", "shown"),
    [
        ("add", "queued", "pending", "queued"),
        ("add", "running", "applying", "adding"),
        ("remove", "running", "applying", "removing"),
        ("remove", "waiting", "waiting", "waiting"),
        ("remove", "unconfirmed", "unconfirmed", "unconfirmed"),
        ("add", "failed", "failed", "failed"),
    ],
)
def test_operation_is_shown_in_its_slot(operator, domain, page, action, status, state, shown):
    operation = make_operation(
        domain, [(5, "live", state)], action=action, status=status, reason="domain_busy" if state == "failed" else ""
    )  # fmt: skip
    drawn = slot(operator.get(page).text, 5)
    assert f'data-st="{shown}" ' in drawn
    assert f'data-operation="{operation.pk}"' in drawn
    assert "Now: mara" in drawn


def test_recent_failure_stands_below_its_row_with_its_operation(operator, domain, page):
    operation = make_operation(domain, [(2, "live", "failed")], status="failed", reason="domain_busy")
    text = operator.get(page).text
    assert "<b>vCPU 2 was not added.</b> The hypervisor is busy with web01" in text
    assert f'href="/operations/{operation.pk}/">Operation {operation.pk}</a>' in text


def test_failure_is_forgotten_after_a_while_or_a_later_success(operator, domain, page):
    make_operation(domain, [(2, "live", "failed")], status="failed", reason="domain_busy")
    Effect.objects.update(settled_at=datetime.now(UTC) - timedelta(minutes=20))
    make_operation(domain, [(3, "live", "failed")], status="failed", reason="domain_busy")
    make_operation(domain, [(3, "live", "done")], status="succeeded")
    assert "was not added" not in operator.get(page).text


def test_shortcuts_say_which_slot_they_mean_on_each_side(operator, host):
    domain = make_domain(host, live=slot_map(8, "0-2,4", "4"), config=slot_map(8, "0-1", ""))
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    assert 'name="pick" value="first live:3 config:2 both:3"' in text
    assert "vCPU 3, live</span>" in text
    assert 'name="pick" value="highest live:4' in text


def test_domain_page_of_a_viewer_has_no_form(viewer, domain, page):
    text = viewer.get(page).text
    assert 'id="change"' not in text
    assert 'name="vcpu"' not in text
    assert "Add first available" not in text
    assert "every guest keeps it" in slot(text, 0)


def test_domain_page_of_a_stranger_does_not_exist(stranger, domain, page):
    answer = stranger.get(page)
    assert answer.status_code == 404
    assert f"There is no guest {domain.uuid} on hv1 that you may see." in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/domains/nowhere/{uuid}/",
        "/domains/hv1/00000000-0000-0000-0000-000000000000/",
        "/domains/hv1/not-a-uuid/",
        "/domains/%00/{uuid}/",
    ],
)
def test_unknown_domain_is_a_helpful_404(operator, domain, path):
    answer = operator.get(path.format(uuid=domain.uuid))
    assert answer.status_code == 404
    assert 'href="/operations/"' in answer.text


def test_domain_page_says_that_its_host_does_not_answer(operator):
    domain = make_domain(make_host("hv3", state="unreachable", seen=300, last_error="no route to host"))
    text = operator.get(f"/domains/hv3/{domain.uuid}/").text
    assert "<b>hv3 does not answer</b>" in text
    assert "no route to host" in text
    assert "was running" in text
    assert "data-stale" in text


def test_domain_page_says_that_the_guest_is_gone(operator, host):
    domain = make_domain(host, gone_at=datetime.now(UTC), state="shut off", live=None)
    assert "is gone from hv1.</b>" in operator.get(f"/domains/hv1/{domain.uuid}/").text


@pytest.mark.parametrize(
    ("agent", "words"), [(True, "agent connected"), (False, "agent not connected"), (None, "no guest agent")]
)
def test_domain_page_tells_the_agents_state(viewer, host, agent, words):
    domain = make_domain(host, agent=agent)
    assert words in viewer.get(f"/domains/hv1/{domain.uuid}/").text


def test_domain_page_opens_one_stream_from_before_its_state(viewer, domain, page):
    text = viewer.get(page).text
    assert text.count("hx-sse:connect=") == 1
    assert f'"/events?topic=domain%3A{domain.host.slug}/{domain.uuid}&amp;since=' in text


def test_units_are_drawn_as_one_ground(operator, host):
    domain = make_power(host)
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    assert text.count('<span class="core">') == 8
    assert "vCPU 8-11, live" in text


def test_large_guest_shows_one_socket_at_a_time(operator, host):
    domain = make_domain(
        host,
        "big01",
        state="shut off",
        live=None,
        config=slot_map(4096, "0-7", ""),
        topology={"sockets": 8, "dies": 1, "clusters": 1, "cores": 256, "threads": 2},
    )
    page = f"/domains/hv1/{domain.uuid}/"
    text = operator.get(page).text
    assert 'id="slot-' not in text
    assert text.count('id="card-') == 8
    opened = operator.get(f"{page}?socket=3").text
    assert opened.count('class="slot" id="slot-') == 512
    assert 'id="slot-1536"' in opened
    assert operator.get(f"{page}?socket=99999").status_code == 200
    assert operator.get(f"{page}?socket=x").status_code == 200


def test_guest_without_a_topology_or_slots_still_has_a_page(operator, host):
    plain = make_domain(host, "plain", topology={})
    unread = make_domain(host, "unread", topology={}, live=None, config=None, state="no state")
    assert operator.get(f"/domains/hv1/{plain.uuid}/").text.count('id="slot-') == 8
    assert "No slots have been read yet" in operator.get(f"/domains/hv1/{unread.uuid}/").text


def test_hostile_name_stays_text_everywhere_on_the_page(operator, host):
    name = "</title><script>alert(1)</script>\"'\u202e"
    domain = make_domain(host, name)
    operation = make_operation(domain, [(2, "live", "failed")], status="failed", reason="domain_busy")
    for path in ("/", f"/domains/hv1/{domain.uuid}/", "/operations/", f"/operations/{operation.pk}/"):
        text = operator.get(path).text
        assert "<script>alert" not in text
        assert "<bdi>&lt;/title&gt;&lt;script&gt;" in text


def test_domain_page_takes_at_most_eight_queries(viewer, domain, page, django_assert_max_num_queries):
    make_operation(
        domain, [(5, "live", "waiting"), (5, "config", "waiting")], action="remove", status="waiting"
    )
    with django_assert_max_num_queries(8):
        assert viewer.get(page).status_code == 200


def test_domain_page_takes_the_same_queries_with_more_operations(
    operator, domain, page, django_assert_num_queries, django_assert_max_num_queries
):
    make_operation(domain, [(5, "live", "done")], status="succeeded")
    with django_assert_max_num_queries(8) as counted:
        operator.get(page)
    for vcpu in (2, 3, 6, 7):
        make_operation(domain, [(vcpu, "live", "done")], status="succeeded")
    with django_assert_num_queries(len(counted)):
        operator.get(page)


def test_outcome_of_a_request_is_shown_in_place_only_for_its_own_domain(operator, domain, page, host):
    operation = make_operation(domain, [(5, "live", "done")], status="succeeded")
    assert f'id="outcome-{operation.pk}"' in operator.get(f"{page}?operation={operation.pk}").text
    other = make_domain(host, "other")
    for query in (str(operation.pk), "x", "-1", "9" * 30):
        assert 'id="outcome-' not in operator.get(f"/domains/hv1/{other.uuid}/?operation={query}").text
    assert Operation.objects.count() == 1


def test_page_of_a_guest_by_pattern_is_shown_to_its_operator_only_for_looking_elsewhere(host):
    client = Client()
    user = make_user("omar", "viewer")
    user.grant_set.create(role="operator", pattern="web*")
    client.force_login(user)
    web, db = make_domain(host, "web01"), make_domain(host, "db01")
    assert 'id="change"' in client.get(f"/domains/hv1/{web.uuid}/").text
    assert 'id="change"' not in client.get(f"/domains/hv1/{db.uuid}/").text


@pytest.mark.parametrize(("live", "unequal"), [("0-1,4,6", False), ("0-1,4-6", True)])
def test_equal_counts_are_not_called_unequal_though_slots_differ(viewer, domain, page, live, unequal):
    domain.live = slot_map(8, live, "4-6")
    domain.save(update_fields=["live"])
    text = viewer.get(page).text
    assert "live only: gone after the next shutdown." in text
    assert ("≠" in text) == unequal


def test_recent_part_of_the_history_holds_what_was_refused_and_what_came_from_outside(
    viewer, domain, page, django_assert_max_num_queries
):
    operation = make_operation(domain, [(5, "live", "done")], status="succeeded")
    refused = make_entry("refused", domain, actor="vera", door="api", action="add", requested={"vcpu": [3]})
    outside = make_entry("outside", domain, effects=[{"side": "live", "began": "running"}])
    make_entry("outside", make_domain(make_host("hv2"), domain.name, uuid=domain.uuid), effects=[])
    with django_assert_max_num_queries(8):
        text = viewer.get(page).text
    assert re.findall(r'<li id="recent-([\w-]+)"', text) == [
        f"entry-{outside.seq}",
        f"entry-{refused.seq}",
        str(operation.pk),
    ]
    assert f'<a href="/operations/entries/{outside.seq}/">was started</a>' in text
    assert f'<a href="/operations/entries/{refused.seq}/">asked to add vCPU 3</a>' in text
