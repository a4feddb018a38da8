from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.vcpu import cpulist, units
from domains.vcpu.affect import Affect, sides
from domains.vcpu.reasons import Reason
from domains.vcpu.sentences import sentence
from domains.vcpu.slots import Side, SlotMap
from domains.vcpu.topology import Place, Topology

HOSTILE_NAME = "<b>{x}</b> %s \u202eweb\"'" + "ü" * 120


@given(st.frozensets(st.integers(0, 4095)))
def test_cpulist_round_trip(ids):
    assert cpulist.load(cpulist.dump(ids)) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [("", set()), ("  ", set()), ("5", {5}), ("0-3,5", {0, 1, 2, 3, 5}), (" 4-5 , 4095", {4, 5, 4095})],
)
def test_cpulist_reads(text, ids):
    assert cpulist.load(text) == ids


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "+1",
        "4096",
        "1-4096",
        "99999999999999999999",
        "5-3",
        "x",
        "1,",
        ",",
        "1;2",
        "٣",
        "1-2-3",
        "0x1",
        "1.0",
    ],
)
def test_cpulist_refuses_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\.$"):
        cpulist.load(text)


def test_slot_map_json_round_trip():
    slots = SlotMap(8, frozenset({0, 1, 5}), frozenset({5}))
    assert slots.to_json() == {"max": 8, "present": "0-1,5", "removable": "5"}
    assert SlotMap.from_json(slots.to_json()) == slots
    assert slots.absent == {2, 3, 4, 6, 7}
    assert slots.fixed == {0, 1}


@given(st.builds(Topology, *[st.integers(1, 5)] * 5), st.data())
def test_topology_places_follow_libvirts_formula(topology, data):
    vcpu = data.draw(st.integers(0, topology.total - 1))
    place = topology.place(vcpu)
    back = (place.socket * topology.dies + place.die) * topology.clusters + place.cluster
    assert (back * topology.cores + place.core) * topology.threads + place.thread == vcpu
    assert place.socket < topology.sockets
    assert Topology.from_json(topology.to_json()) == topology


def test_topology_of_web01_puts_slot_17_in_the_second_socket():
    assert Topology(2, 1, 1, 8, 2).place(17) == Place(socket=1, die=0, cluster=0, core=0, thread=1)


@pytest.mark.parametrize(
    ("vcpu", "size", "unit"),
    [(5, 1, {5}), (0, 4, {0, 1, 2, 3}), (9, 4, {8, 9, 10, 11}), (7, 8, set(range(8)))],
)
def test_unit_of_a_slot(vcpu, size, unit):
    assert units.unit_of(vcpu, size) == unit


def test_split_parts_by_unit():
    assert units.split({9, 8, 3, 10}, 4) == [{3}, {8, 9, 10}]


@pytest.mark.parametrize(
    ("affect", "running", "expected"),
    [
        (Affect.CURRENT, True, (Side.LIVE,)),
        (Affect.CURRENT, False, (Side.CONFIG,)),
        (Affect.LIVE, False, (Side.LIVE,)),
        (Affect.CONFIG, True, (Side.CONFIG,)),
        (Affect.BOTH, False, (Side.LIVE, Side.CONFIG)),
    ],
)
def test_affect_names_sides(affect, running, expected):
    assert sides(affect, running=running) == expected


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence(reason):
    bare = sentence(reason, domain="web01")
    full = sentence(reason, domain="web01", vcpu=5, side=Side.LIVE, text="no", maximum=8, fixed=7, odd=None)
    for text in (bare, full):
        assert text[:1].isupper() or text.startswith(("web01", "vCPU"))
        assert "{" not in text
        assert "None" not in text
    assert bare.endswith(".")
    assert "web01" in bare
    assert (
        "vCPU 5" in full
        or reason in (Reason.VCPU0_FIXED, Reason.NO_ABSENT_SLOT, Reason.NOTHING_REMOVABLE)
        or reason in (Reason.HOST_NOT_FOUND, Reason.OPERATION_NOT_FOUND, Reason.BATCH_NOT_FOUND)
        or reason is Reason.ALREADY_ALIKE
    )


def test_sentence_names_what_could_be_removed_instead():
    text = sentence(Reason.NOT_REMOVABLE, domain="web01", vcpu=7, side=Side.LIVE, highest_removable=5)
    assert text.startswith("vCPU 7 of web01 was there when the guest booted")
    assert text.endswith("The highest one that can be removed now is vCPU 5.")


def test_sentence_takes_names_as_they_are():
    assert HOSTILE_NAME in sentence(Reason.ALREADY_PRESENT, domain=HOSTILE_NAME, vcpu=5, side=Side.CONFIG)
    assert sentence(Reason.HYPERVISOR_ERROR, domain="a", text="{0} odd").endswith("It said: {0} odd")
