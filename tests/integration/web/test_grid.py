"""What the grid shows besides the states of its slots: sockets, dies, NUMA cells, pinning, and where usage goes."""

from __future__ import annotations

import re

import pytest

from domains.models import Domain
from domains.web.board import board_of
from domains.web.fragments import board_fragments
from tests.integration.web.factory import make_domain, make_operation, slot_map
from tests.integration.web.test_domain import slot

CORE = re.compile(r'<span class="core"([^>]*)>.*?id="slot-(\d+)"', re.DOTALL)


def topology(sockets: int, dies: int, cores: int, threads: int) -> dict[str, int]:
    return {"sockets": sockets, "dies": dies, "clusters": 1, "cores": cores, "threads": threads}


def page(client, domain: Domain, query: str = "") -> str:
    return client.get(f"/domains/hv1/{domain.uuid}/{query}").text


def marked(text: str, name: str) -> dict[int, str]:
    """Give what cores are marked with, by the first slot of each; nothing for a mark without a value."""
    found = (
        (int(first), re.search(rf'data-{name}(?:="([^"]*)")?', data)) for data, first in CORE.findall(text)
    )
    return {first: mark[1] or "" for first, mark in found if mark}


def lenses(text: str) -> list[str]:
    return re.findall(r'name="lens" value="(\w+)"', text)


def test_lenses_are_those_that_have_something_to_show(operator, host):
    assert lenses(page(operator, make_domain(host))) == ["usage", "none"]
    one = make_domain(host, "one", numa={"0": "0-7"}, pinning={"4": "2"})
    assert lenses(page(operator, one)) == ["usage", "pin", "none"]
    both = make_domain(host, "both", numa={"0": "0-3", "1": "4-7"}, pinning={"4": "2"})
    assert lenses(page(operator, both)) == ["usage", "numa", "pin", "none"]


def test_first_lens_is_on(viewer, host):
    text = page(viewer, make_domain(host))
    assert re.findall(r'value="(\w+)" autocomplete="off" checked', text) == ["usage"]


@pytest.mark.parametrize(
    ("shape", "parts"),
    [
        (topology(1, 1, 8, 1), {}),
        (topology(8, 1, 1, 1), {}),
        (topology(2, 1, 4, 1), {0: "socket 0", 4: "socket 1"}),
        (topology(1, 2, 2, 2), {0: "die 0", 4: "die 1"}),
        (topology(1, 8, 1, 1), {}),
        (topology(2, 2, 2, 1), {0: "socket 0, die 0", 2: "die 1", 4: "socket 1, die 0", 6: "die 1"}),
    ],
)
def test_row_of_several_sockets_or_dies_says_where_each_begins(operator, host, shape, parts):
    assert marked(page(operator, make_domain(host, topology=shape)), "part") == parts


def test_dies_of_an_opened_socket_are_named_where_they_begin(operator, host):
    slots = slot_map(1024, "0-1023", "8-1023")
    big = make_domain(host, "big", live=slots, config=slots, topology=topology(2, 2, 128, 2))
    text = page(operator, big, "?socket=1")
    assert marked(text, "part") == {512: "die 0", 768: "die 1"}
    assert 'Socket 1 <span class="mut">vCPU 512–1023</span>' in text
    assert 'href="?socket=0#opened">Socket 0</a>' in text
    assert "Socket 2" not in text


def test_units_of_one_core_are_not_cut_into_dies(operator, host):
    power = slot_map(32, "0-15", "8-15")
    domain = make_domain(
        host, "power01", unit_size=8, live=power, config=power, topology=topology(2, 1, 2, 8)
    )
    assert marked(page(operator, domain), "part") == {0: "socket 0", 16: "socket 1"}


def test_row_within_one_cell_says_so_once(operator, host):
    wide = slot_map(64, "0-63", "")
    domain = make_domain(
        host, live=wide, config=wide, topology=topology(2, 1, 16, 2), numa={"0": "0-31", "1": "32-63"}
    )
    text = page(operator, domain)
    assert re.findall(r'<p class="numa">(.*?)</p>', text) == [
        "NUMA cell 0 · vCPU 0–31",
        "NUMA cell 1 · vCPU 32–63",
    ]
    assert marked(text, "cell") == marked(text, "other") == {}


def test_cells_within_a_row_are_named_where_they_begin_and_told_apart(operator, host):
    domain = make_domain(host, numa={"0": "0-1,6-7", "1": "2-5"})
    text = page(operator, domain)
    assert '<p class="numa">' not in text
    assert marked(text, "cell") == {0: "0", 2: "1", 6: "0"}
    assert list(marked(text, "other")) == [2, 4]


def test_core_in_two_cells_is_in_neither(operator, host):
    domain = make_domain(host, numa={"0": "0-2", "1": "3-7"})
    assert marked(page(operator, domain), "cell") == {0: "0", 4: "1"}


def test_pinning_is_told_once_for_a_row_that_has_the_same(operator, host):
    domain = make_domain(host, pinning={str(vcpu): "0-3" for vcpu in range(8)})
    text = page(operator, domain)
    assert '<small class="pin">on host CPU 0-3</small>' in text
    assert "data-pin" not in text
    assert "Pinned to: host CPU 0-3" in slot(text, 5)


def test_pinning_that_differs_is_told_in_each_slot(operator, host):
    domain = make_domain(host, pinning={"4": "2", "5": "0-1"})
    text = page(operator, domain)
    assert 'class="pin"' not in text
    assert [re.findall(r'data-pin="([^"]*)"', slot(text, vcpu)) for vcpu in (0, 4, 5)] == [[], ["2"], ["0-1"]]


def test_what_is_pushed_of_a_slot_is_what_its_page_shows(operator, host):
    domain = make_domain(host, numa={"0": "0-3", "1": "4-7"}, pinning={"4": "2", "5": "0-1"})
    text = page(operator, domain)
    fragments = board_fragments(board_of(domain, editable=True, whole=True))
    assert all(fragments[f"slot-{vcpu}"] in text for vcpu in range(8))
    assert fragments["row-0"] in text


def test_usage_is_no_part_of_what_is_fetched_again(viewer, host):
    domain = make_domain(host)
    before, after = page(viewer, domain).split('<div id="live"')
    assert f'<data id="usage-{domain.uuid}" hidden></data>' in before
    assert "data-u=" not in after.replace(
        re.search(r'<details class="sheet legend">.*?</details>', after, re.DOTALL)[0], ""
    )


def test_card_of_a_socket_counts_what_is_worth_a_look(operator, host):
    slots = slot_map(1024, "0-511", "8-511")
    guest = {
        "vcpus": "0-511",
        "online": "0-509",
        "offlinable": "1-511",
        "slots": {"0": 0, "510": 510, "511": 511},
    }
    domain = make_domain(
        host, "big", live=slots, config=slot_map(1024, "0-509,600", "8-509,600"), guest=guest,
        topology=topology(2, 1, 256, 2),
    )  # fmt: skip
    make_operation(domain, [(700, "live", "pending")], action="add", status="queued")
    make_operation(
        domain, [(510, "live", "waiting"), (510, "config", "waiting")], action="remove", status="waiting"
    )
    text = page(operator, domain)
    titles = [
        re.findall(r'<span class="tag \w+" title="([^"]+)"', card) for card in text.split('id="card-')[1:]
    ]
    assert titles == [
        ["1 waiting for the guest", "1 live and config differ", "2 offline in the guest"],
        ["1 queued", "1 live and config differ"],
    ]
