from __future__ import annotations

import re

import pytest

from domains.models import Domain, Host, Operation
from domains.models.scope import Guest
from domains.push.topics import page_topic
from domains.web import fleet_rows
from domains.web.board import board_of
from domains.web.fragments import board_fragments, render
from tests.integration.web.factory import make_domain, make_host, make_operation, slot_map


def ids_of(html: str) -> str:
    found = re.match(r'<\w+[^>]* id="([^"]+)"', html)
    assert found, html[:80]
    return found[1]


@pytest.fixture
def topic(domain: Domain) -> str:
    return page_topic(domain)


def test_domain_key_gives_every_part_of_the_page_by_its_id(domain, topic):
    rendered = render(f"domain:{domain.pk}", "change", frozenset({topic, "operations"}))
    assert rendered is not None
    assert (rendered.guest, rendered.revision) == (
        Guest(domain.pk, domain.host_id, domain.name),
        domain.revision,
    )
    assert set(rendered.fragments) == {topic}
    parts = rendered.fragments[topic]
    assert {
        "facts",
        "counts",
        "differ",
        "banner",
        "warnings",
        "recent",
        "announce",
        "shortcuts",
        "slot-0",
        "slot-7",
    } <= {*parts}
    assert all(ids_of(html) == element for element, html in parts.items())


def test_fragments_are_what_the_page_shows(operator, domain, page, topic):
    make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting")
    text = operator.get(page).text
    rendered = render(f"domain:{domain.pk}", "change", frozenset({topic}))
    assert rendered is not None
    for element, html in rendered.fragments[topic].items():
        if not element.startswith("outcome-"):
            assert html in text, element


def test_only_what_changed_differs_in_a_second_drawing(domain, topic):
    def draw() -> dict[str, str]:
        rendered = render(f"domain:{domain.pk}", "change", frozenset({topic}))
        assert rendered is not None
        return rendered.fragments[topic]

    before = draw()
    assert draw() == before
    Domain.objects.filter(pk=domain.pk).update(live=slot_map(8, "0-1,4-6", "4-6"))
    after = draw()
    assert {element for element in after if after[element] != before.get(element)} == {
        "slot-6", "counts", "differ", "row-0", "shortcuts",
    }  # fmt: skip


def test_fragments_for_looking_hold_no_input_and_none_holds_a_token(domain, topic):
    for audience in ("see", "change"):
        rendered = render(f"domain:{domain.pk}", audience, frozenset({topic}))
        assert rendered is not None
        html = "".join(rendered.fragments[topic].values())
        assert "<form" not in html
        assert "csrf" not in html
        assert ("<input" in html) is (audience == "change")
        assert ("<button" in html) is (audience == "change")


def test_operation_key_reaches_its_page_the_list_and_its_domain(domain, topic):
    operation = make_operation(domain, [(5, "live", "applying")], status="running")
    own, row = f"operation:{operation.pk}", f"row:{domain.pk}"
    rendered = render(own, "see", frozenset({topic, "operations", own, "fleet", row}))
    assert rendered is not None
    assert rendered.guest.pk == domain.pk
    assert {*rendered.fragments} == {topic, "operations", own, "fleet", row}
    assert rendered.fragments["operations"].keys() == {own.replace(":", "-")}
    assert rendered.fragments[own].keys() == {"operation"}
    assert 'data-st="adding"' in rendered.fragments[topic]["slot-5"]
    assert (
        f"outcome-{operation.pk}" not in rendered.fragments[topic]
    )  # they have no form that it would stand below
    assert rendered.fragments["fleet"].keys() == {"fleet-moved"}
    assert rendered.fragments[row].keys() == {f"fleet-{domain.pk}"}


def test_controls_of_an_operation_are_pushed_to_those_who_may_use_them(domain):
    operation = make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting")
    own = f"operation:{operation.pk}"
    drawn = {}
    for audience in ("see", "change"):
        rendered = render(own, audience, frozenset({own}))
        assert rendered is not None
        drawn[audience] = rendered.fragments[own]
    assert drawn["see"].keys() == {"operation"}
    assert drawn["change"].keys() == {"operation", "controls"}
    assert drawn["see"]["operation"] == drawn["change"]["operation"]
    assert ids_of(drawn["change"]["controls"]) == "controls"
    html = "".join(drawn["change"].values())
    assert "<form" not in html
    assert "csrf" not in html


def test_page_of_an_operation_shows_its_controls(operator, domain):
    operation = make_operation(domain, [(5, "live", "waiting")], action="remove", status="waiting")
    rendered = render(f"operation:{operation.pk}", "change", frozenset({f"operation:{operation.pk}"}))
    assert rendered is not None
    text = operator.get(f"/operations/{operation.pk}/").text
    for fragment in rendered.fragments[f"operation:{operation.pk}"].values():
        assert fragment in text


def test_operation_page_shows_its_fragment(viewer, domain):
    operation = make_operation(domain, [(5, "live", "done")], status="succeeded")
    rendered = render(f"operation:{operation.pk}", "see", frozenset({f"operation:{operation.pk}"}))
    assert rendered is not None
    html = rendered.fragments[f"operation:{operation.pk}"]["operation"]
    assert html in viewer.get(f"/operations/{operation.pk}/").text


def test_list_and_fleet_show_their_fragments(viewer, domain):
    operation = make_operation(domain, [(5, "live", "done")], status="succeeded")
    row = f"row:{domain.pk}"
    rendered = render(f"operation:{operation.pk}", "see", frozenset({"operations", row}))
    assert rendered is not None
    assert rendered.fragments["operations"][f"operation-{operation.pk}"] in viewer.get("/operations/").text
    assert rendered.fragments[row][f"fleet-{domain.pk}"] in viewer.get("/").text


def test_host_key_reaches_the_fleet_and_the_pages_of_its_domains(domain, topic, host):
    other = make_domain(host, "other")
    Host.objects.filter(pk=host.pk).update(state="unreachable", last_error="gone")
    rendered = render(f"host:{host.pk}", "see", frozenset({"fleet", topic}))
    assert rendered is not None
    assert rendered.guest is None
    assert "hv1 does not answer" in rendered.fragments["fleet"][f"host-{host.pk}"]
    assert "data-stale" in rendered.fragments[topic]["banner"]
    assert f"domain:{other.uuid}" not in rendered.fragments


def test_host_that_is_away_reaches_the_rows_of_its_guests(
    viewer, domain, host, django_assert_max_num_queries
):
    others = [make_domain(host, f"other{number}") for number in range(3)]
    elsewhere = make_domain(make_host("hv2"))
    rows = frozenset(f"row:{one.pk}" for one in (domain, *others, elsewhere))
    Host.objects.filter(pk=host.pk).update(state="unreachable", last_error="gone")
    with django_assert_max_num_queries(2):
        rendered = render(f"host:{host.pk}", "see", rows | {"fleet"})
    assert rendered is not None
    assert "fleet-moved" in rendered.fragments["fleet"]
    assert rendered.fragments.keys() == {"fleet", *(f"row:{one.pk}" for one in (domain, *others))}
    state = rendered.fragments[f"row:{domain.pk}"][f"fleet-state-{domain.pk}"]
    assert "was running" in state
    assert state in viewer.get("/").text


def test_pages_of_hosts_are_not_sent_the_rows_of_guests(domain, host):
    rendered = render(f"domain:{domain.pk}", "see", frozenset({f"host:{host.slug}"}))
    assert rendered is not None
    assert rendered.fragments == {}


@pytest.mark.parametrize("key", ["domain:999", "operation:999", "host:999", "nonsense:1"])
def test_key_of_nothing_gives_nothing(db, key):
    assert render(key, "see", frozenset({"fleet", "operations"})) is None


def test_nothing_is_drawn_for_topics_that_nobody_wants(domain):
    rendered = render(f"domain:{domain.pk}", "see", frozenset({"fleet:x", "domain:other"}))
    assert rendered is not None
    assert rendered.fragments == {}


def test_operation_that_outlived_its_domain_is_pushed_to_nobody(domain):
    operation = make_operation(domain, [(5, "live", "done")], status="succeeded")
    domain.host.delete()
    assert Operation.objects.filter(pk=operation.pk).exists()
    assert render(f"operation:{operation.pk}", "see", frozenset({"operations"})) is None


def test_large_guest_has_a_fragment_for_every_slot_whichever_socket_is_open(host):
    large = make_domain(
        host, "big01", live=None, state="shut off", config=slot_map(1024, "0-7", ""),
        topology={"sockets": 2, "dies": 1, "clusters": 1, "cores": 256, "threads": 2},
    )  # fmt: skip
    large = Domain.objects.select_related("host").get(pk=large.pk)
    parts = board_fragments(board_of(large, editable=True, whole=True))
    assert {f"slot-{vcpu}" for vcpu in range(1024)} <= {*parts}
    assert {"card-0", "card-1", "row-512"} <= {*parts}


def test_two_hosts_that_show_the_same_uuid_do_not_meet_on_one_page(domain):
    twin = make_domain(make_host("hv2"), domain.name, uuid=domain.uuid)
    topics = frozenset({page_topic(domain), page_topic(twin), f"domain:{domain.uuid}"})
    for each in (domain, twin):
        rendered = render(f"domain:{each.pk}", "change", topics)
        assert rendered is not None
        assert set(rendered.fragments) == {page_topic(each), f"domain:{domain.uuid}"}


def test_fleet_is_told_once_in_a_while_that_something_changed(domain):
    sign = fleet_rows.moved_html(1000.0)
    assert sign == fleet_rows.moved_html(1000.0 + fleet_rows.MOVED_EVERY * 0.9)
    assert sign != fleet_rows.moved_html(1000.0 + fleet_rows.MOVED_EVERY)
    rendered = render(f"domain:{domain.pk}", "see", frozenset({"fleet", "row:999"}))
    assert rendered is not None
    assert {topic: [*parts] for topic, parts in rendered.fragments.items()} == {"fleet": ["fleet-moved"]}


def test_row_can_be_chosen_by_those_who_may_change_the_guest(domain):
    topic = f"row:{domain.pk}"
    box = f'<input type="checkbox" form="bulk" name="domain" value="{domain.pk}"'
    for audience, chosen in (("change", True), ("see", False)):
        rendered = render(f"domain:{domain.pk}", audience, frozenset({topic}))
        assert rendered is not None
        assert (box in rendered.fragments[topic][f"fleet-{domain.pk}"]) is chosen


def test_row_of_a_guest_that_is_gone_says_so_and_cannot_be_chosen(domain):
    Domain.objects.filter(pk=domain.pk).update(gone_at=domain.synced_at)
    rendered = render(f"domain:{domain.pk}", "change", frozenset({f"row:{domain.pk}"}))
    assert rendered is not None
    (html,) = rendered.fragments[f"row:{domain.pk}"].values()
    assert "gone from its host" in html
    assert "checkbox" not in html
