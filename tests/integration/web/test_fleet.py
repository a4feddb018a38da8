from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from tests.integration.web.factory import make_domain, make_host, make_operation, make_user

HOSTILE = ["<script>alert(1)</script>", "\" onmouseover='x", "n" * 255, "\u202e10bew", "a&b"]


def test_fleet_lists_guests_by_host_with_counts(viewer, host):
    make_domain(host, "web01")
    make_domain(host, "batch01", state="shut off", live=None)
    text = viewer.get("/").text
    assert text.index("batch01") < text.index("web01")
    assert "2 guests on 1 host" in text
    assert '<td class="num vc">4<small> / 8</small></td>' in text
    assert "<small>off</small><small> / 8</small>" in text


def test_fleet_says_that_a_host_does_not_answer_and_how_old_its_reading_is(viewer):
    host = make_host("hv3", state="unreachable", seen=240, last_error="no route to host")
    make_domain(host)
    text = viewer.get("/").text
    assert "hv3 does not answer" in text
    assert "no route to host" in text
    assert f'<time datetime="{host.last_seen.isoformat(timespec="milliseconds")}"' in text
    assert "was running" in text


def test_fleet_says_that_nobody_reads_a_host_any_more(viewer):
    make_domain(make_host(seen=60))
    assert "data-late" in viewer.get("/").text


def test_fleet_shows_what_is_going_on(viewer, domain):
    make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting")
    text = viewer.get("/").text
    assert "1 waiting" in text
    assert "<bdi>mara</bdi> asked to remove vCPU 5, live" in text


def test_fleet_leaves_out_guests_that_are_gone(viewer, host):
    make_domain(host, "former", gone_at=datetime.now(UTC))
    assert "former" not in viewer.get("/").text


def test_fleet_shows_only_what_one_may_see(host):
    make_domain(host, "web01")
    make_domain(host, "db01")
    client = Client()
    client.force_login(make_user("dora", "viewer", pattern="db*"))
    text = client.get("/").text
    assert "db01" in text
    assert "web01" not in text


def test_empty_fleet_teaches(viewer, stranger):
    assert "No host yet" in viewer.get("/").text
    make_domain(make_host())
    text = stranger.get("/").text
    assert "You have no role on any guest" in text
    assert "1 host" not in text  # which only those may know of who see a guest of it


def test_administrator_of_hosts_without_a_guest_is_led_to_them(db, client):
    make_host()
    client.force_login(make_user("ada", "administrator"))
    text = client.get("/").text
    assert "The host that is known shows none" in text
    assert "no role" not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_fleet_shows_any_name_as_text(viewer, host, name):
    make_domain(host, name)
    text = viewer.get("/").text
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace('"', "&quot;").replace("'", "&#x27;")
    assert f"<bdi>{escaped}</bdi>" in text
    assert "<script>alert" not in text


def test_fleet_takes_the_same_queries_for_one_guest_and_for_thirty(
    viewer, host, django_assert_max_num_queries
):
    def queries() -> int:
        with django_assert_max_num_queries(8) as counted:
            assert viewer.get("/").status_code == 200
        return len(counted)

    make_operation(make_domain(host, "first"), [(2, "live", "pending")])
    few = queries()
    for number in range(29):
        make_operation(make_domain(host, f"web{number}"), [(2, "live", "pending")])
    assert queries() == few


def test_readings_tell_the_age_for_every_host_one_sees(viewer, stranger, domain):
    text = viewer.get("/readings/").text
    assert f'<hx-partial hx-target="#reading-{domain.host_id}" hx-swap="outerMorph">' in text
    assert "reading-" not in stranger.get("/readings/").text


def test_fleet_answers_no_other_method(viewer):
    assert viewer.post("/").status_code == 405
