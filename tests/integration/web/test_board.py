"""What the domain page offers beyond adding and removing."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from domains.models import Effect
from tests.integration.web.factory import make_domain, make_host, make_operation, make_power, slot_map
from tests.integration.web.test_domain import slot

GUEST = {"vcpus": "0-3", "online": "0-2", "offlinable": "1-3", "slots": {"0": 0, "1": 1, "4": 2, "5": 3}}


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<.*?>", " ", text)))


def test_sync_buttons_say_what_they_would_do(operator, host):
    domain = make_domain(host, live=slot_map(8, "0-1,4", "4"), config=slot_map(8, "0-1,6", "6"))
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    assert '<button class="btn" type="submit" form="change" name="pick" value="sync config 4,6">' in text
    assert '<button class="btn" type="submit" form="change" name="pick" value="sync live 4,6">' in text
    assert "Adds vCPU 4 to the configuration and removes vCPU 6 from it." in text


def test_sync_that_cannot_be_is_disabled_with_its_reason(operator, host):
    domain = make_domain(host, live=slot_map(8, "0-2", ""), config=slot_map(8, "0-1", ""))
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    assert 'value="sync live 2" disabled>' in text
    assert 'value="sync config 2">' in text


def test_viewer_sees_that_sides_differ_but_no_buttons(viewer, host):
    domain = make_domain(host, live=slot_map(8, "0-1,4", "4"))
    text = viewer.get(f"/domains/hv1/{domain.uuid}/").text
    assert "vCPU 5 config only" in text
    assert "brought in line" not in text
    assert 'name="pick"' not in text
    assert "You may look at <bdi>web01</bdi> but not change it" in text


def test_no_button_comes_before_the_forms_own_default(operator, host):
    domain = make_domain(host, live=slot_map(8, "0-1,4", "4"))
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    first = re.search(r'<button[^>]*form="change"[^>]*>', text)
    assert first
    assert first[0] == '<button type="submit" form="change" disabled hidden>'


def test_unit_is_drawn_as_one_slot(operator, host):
    domain = make_power(host, "0-11", "4-11")
    make_operation(domain, [(6, "live", "failed")], action="remove", status="failed", reason="guest_refused")
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    assert re.findall(r'id="slot-(\d+)"', text) == [str(first) for first in range(0, 32, 4)]
    unit = slot(text, 8)
    assert 'data-last="11"' in unit
    assert 'name="vcpu" value="8-11"' in unit
    assert "<b>8–11</b>" in unit
    assert 'data-st="failed"' in slot(text, 4)
    assert "12 of 32 live" in text
    assert "<b>vCPU 6 was not removed.</b>" in text
    assert "data-core" not in text


def test_large_guest_of_units_opens_one_socket(operator, host):
    slots = slot_map(4096, "0-7", "")
    domain = make_domain(
        host, "big", unit_size=4, live=None, state="shut off", config=slots,
        topology={"sockets": 4, "dies": 1, "clusters": 1, "cores": 256, "threads": 4},
    )  # fmt: skip
    text = operator.get(f"/domains/hv1/{domain.uuid}/?socket=2").text
    assert text.count('id="card-') == 4
    assert text.count('class="slot" id="slot-') == 256
    assert 'id="slot-2048"' in text
    assert "8 of 1024" in text


def test_card_of_a_socket_shows_what_is_live_only(viewer, host):
    domain = make_domain(
        host, "big", live=slot_map(1024, "0-8", "8"), config=slot_map(1024, "0-7", ""),
        topology={"sockets": 2, "dies": 1, "clusters": 1, "cores": 256, "threads": 2},
    )  # fmt: skip
    card = re.search(r'id="card-0".*?</a>', viewer.get(f"/domains/hv1/{domain.uuid}/").text)
    assert card
    assert 'class="run diff"' in card[0]


def test_threads_that_are_plugged_one_by_one_name_their_core(operator, domain, page):
    text = operator.get(page).text
    assert re.findall(r'data-core="([^"]+)"', text) == ["core 0", "core 1", "core 2", "core 3"]
    assert "vCPU 2, live. <span" in text
    assert "Leaves one thread of core 1." in text


def test_guests_own_view_is_shown_with_its_age(viewer, host):
    asked = datetime.now(UTC) - timedelta(seconds=12)
    domain = make_domain(host, guest=GUEST, guest_at=asked)
    text = viewer.get(f"/domains/hv1/{domain.uuid}/").text
    assert re.search(r'guest asked <time [^>]*data-when="age"', text)
    assert 'data-guest="off"' in slot(text, 5)
    assert "<i>offline</i>" in slot(text, 5)
    assert "Guest: CPU 3, not online: plugged, but its kernel does not use it." in html.unescape(
        slot(text, 5)
    )
    assert "data-guest" not in slot(text, 4)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"agent": True}, "agent connected, guest not asked yet"), ({"agent": None}, "no guest agent")],
)
def test_guest_that_was_not_asked_is_said(viewer, host, fields, words):
    domain = make_domain(host, **fields)
    text = viewer.get(f"/domains/hv1/{domain.uuid}/").text
    assert words in plain(text)
    assert "guest asked" not in text


def test_buttons_for_the_guest_are_drawn_where_it_has_an_agent(operator, host):
    mute = make_domain(host, "mute", agent=None)
    talking = make_domain(host, "talking", agent=False)
    assert 'value="online"' not in operator.get(f"/domains/hv1/{mute.uuid}/").text
    text = operator.get(f"/domains/hv1/{talking.uuid}/").text
    assert all(f'value="{action}"' in text for action in ("make_removable", "online", "offline"))


def test_dock_knows_the_fixed_slots_and_what_delays_a_removal(operator, host):
    domain = make_domain(host, state="paused", config=slot_map(8, "0-3", ""))
    text = operator.get(f"/domains/hv1/{domain.uuid}/").text
    assert 'data-fixed="0-3" data-delay="web01 is paused: the removal waits until it is resumed."' in text
    assert "Note: web01 is paused" in slot(text, 4)
    assert "Note:" not in slot(text, 1)


@pytest.mark.parametrize(
    ("action", "target", "words"),
    [
        ("make_removable", "removable", "asked to make it removable; that is being done since"),
        ("offline", "offline", "asked to take it offline in the guest; that is being done since"),
    ],
)
def test_change_that_is_neither_adding_nor_removing_has_a_state(
    operator, domain, page, action, target, words
):
    side = "config" if action == "make_removable" else "guest"
    make_operation(domain, [(1, side, "applying")], action=action, status="running")
    Effect.objects.update(target=target)
    drawn = slot(operator.get(page).text, 1)
    assert 'data-st="changing"' in drawn
    assert words in drawn


def test_warnings_are_shown_with_the_commands_that_repair(viewer):
    host = make_host("hv4", cpus=2)
    domain = make_domain(host, unmarked="6-7")
    odd = make_domain(host, "web01; rm -rf /", unmarked="6-7")
    text = viewer.get(f"/domains/hv4/{domain.uuid}/").text
    assert "web01 has 4 vCPUs and its host only 2 CPUs" in text
    assert "<code>virsh dumpxml --inactive --security-info web01 &gt; web01.xml</code>" in text
    assert "<code>virsh define web01.xml</code>" in text
    named = viewer.get(f"/domains/hv4/{odd.uuid}/").text
    assert f"<code>virsh define {odd.uuid}.xml</code>" in named


def test_guest_without_oddities_has_no_warning(viewer, domain, page):
    text = viewer.get(page).text
    assert '<div id="warnings"></div>' in text


def test_full_board_takes_at_most_eight_queries(operator, django_assert_max_num_queries):
    domain = make_domain(
        make_host("hv4", cpus=2), guest=GUEST, guest_at=datetime.now(UTC), unmarked="6-7",
        config=slot_map(8, "0-3", ""), state="paused",
    )  # fmt: skip
    make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting")
    with django_assert_max_num_queries(8):
        assert operator.get(f"/domains/hv4/{domain.uuid}/").status_code == 200


def test_driver_that_only_counts_offers_the_shortcuts_where_they_are_exact(operator):
    slots = slot_map(8, "0-3", "1-3")
    domain = make_domain(make_host("counting", specific=False), live=slots, config=slots, agent=None)
    text = operator.get(f"/domains/counting/{domain.uuid}/").text
    assert 'name="pick" value="first live:4' in text
    assert "can only set how many vCPUs there are" in slot(text, 4)
    assert 'data-can=""' in slot(text, 4)
