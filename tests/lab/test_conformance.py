"""The table of what libvirt answers, on the simulated host, the newest one and the old one: see tests.conformance."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from xml.etree import ElementTree

import libvirt
import pytest

from domains.hypervisor import eventloop
from domains.hypervisor.errors import ChangeRejected, GatewayError
from domains.vcpu import cpulist
from domains.vcpu.domainxml import parse
from domains.vcpu.rules import Action, refusal
from domains.vcpu.slots import Side
from lab.domain_xml import domain_xml
from lab.guests import BY_NAME
from tests import conformance
from tests.conformance import BUSY, CALLS, PLACES, Answer, Call, Case
from tests.conformance_cores import CORES
from tests.conformance_guests import GUESTS
from tests.conformance_refusals import REFUSALS
from tests.contract.views import view_of
from tests.lab.desks import PlaceDesk, desk_at
from tests.lab.places import LabPlace, Place, Shown, SimulatedPlace

SIDES = {
    "live": (Side.LIVE,),
    "config": (Side.CONFIG,),
    "both": (Side.LIVE, Side.CONFIG),
}


@pytest.fixture(scope="module")
def kept() -> Iterator[dict[str, LabPlace]]:
    """Keep the real hosts' places, and so their guests, for the whole module."""
    places: dict[str, LabPlace] = {}
    yield places
    for place in places.values():
        place.close()
        place.guests.end()


@pytest.fixture
def place(where: conformance.Place, kept: dict[str, LabPlace], tmp_path: Path, request) -> Iterator[Place]:
    if where != "simulated":
        if where not in kept:
            guests = "fresh_guests" if where == "newest" else "old_guests"
            kept[where] = LabPlace(request.getfixturevalue(guests))
        yield kept[where]
        return
    simulated = SimulatedPlace(tmp_path)
    yield simulated
    simulated.close()


@pytest.fixture
def desk(place: Place, fresh_database: str, redis, settings, monkeypatch) -> Iterator[PlaceDesk]:
    with desk_at(place, settings, monkeypatch) as made:
        yield made


def everywhere(rows):
    """Give each row once for each place in which it can be played."""
    return [
        pytest.param(where, row, id=f"{where}: {row.title}")
        for row in rows
        for where in PLACES
        if where in row.places
    ]


def in_situation(place: Place, case: Case) -> AbstractContextManager[None]:
    """Bring about what the case needs around its request."""
    if case.situation == "busy":
        return place.busy(case.guest)
    if case.situation == "unwritable":
        assert isinstance(place, LabPlace)
        return place.unwritable(case.guest)
    return nullcontext()


def expected(before: Shown, case: Case, answer: Answer) -> Shown:
    """Say what virsh has to show after the answer."""
    ids = cpulist.load(case.vcpu)
    after = dict(before)
    for side, changed in ((Side.LIVE, answer.live), (Side.CONFIG, answer.config)):
        slots = before[side]
        if changed:
            assert slots is not None
            after[side] = slots | ids if case.action == "add" else slots - ids
    return after


def first_side(case: Case, before: Shown) -> Side:
    """Say which side is changed first: live, except where only the configuration is meant."""
    if case.affect == "current":
        return Side.CONFIG if before[Side.LIVE] is None else Side.LIVE
    return SIDES[case.affect][0]


@pytest.mark.parametrize(("where", "case"), everywhere([*GUESTS, *REFUSALS, *CORES]))
def test_case_is_foreseen_answered_and_shown_as_the_table_says(where, desk, case):
    play(desk, where, case)


def play(desk: PlaceDesk, where: conformance.Place, case: Case) -> None:
    """Ask for what the case asks for, and hold all three answers against the table."""
    place = desk.place
    name = place.ready(case.guest)
    if case.given:
        place.give(name, cpulist.load(case.given))
    if case.situation == "unstarted":
        place.unstarted(name)
    desk.listen_to_the_monitor(case.situation == "monitor")
    view, before = desk.look(name).view(), place.shown(name)
    foreseen = refusal(view, Action(case.action), cpulist.load(case.vcpu), first_side(case, before))
    assert (foreseen.reason if foreseen else None) == case.foreseen

    answer = case.answer_at(where)
    with in_situation(place, case):
        operation = desk.ask(name, case.action, case.vcpu, case.affect, ask_anyway=True)
    came = desk.operation(operation)
    assert (came["status"], came["reason"]) == (answer.status, answer.reason)
    assert came["message"] or answer.status == "succeeded"
    assert_hypervisor_said(came, answer)
    assert place.shown(name) == expected(before, case, answer)
    if answer.status == "waiting":
        place.spoil(name)


def assert_hypervisor_said(came, answer: Answer) -> None:
    told = [effect["libvirt"] for effect in came["effects"] if effect["libvirt"]]
    if answer.code is None and not answer.text:
        assert told == []
        return
    assert {one["code"] for one in told} == {answer.code}
    assert all(answer.text in one["text"] for one in told)


@pytest.mark.parametrize(("where", "call"), everywhere(CALLS))
def test_call_that_the_write_path_never_makes_is_rejected(place, call: Call):
    name = place.ready(call.guest)
    uuid, before = place.uuid(name), place.shown(name)
    ids = call.ids
    gateway = place.open(readonly=call.readonly)
    reading = gateway.read_domain(uuid)
    foreseen = refusal(view_of(reading), Action.ADD, ids, call.side)
    assert (foreseen.reason if foreseen else None) == call.foreseen
    with pytest.raises(ChangeRejected) as caught:
        gateway.set_slots(uuid, ids, present=call.present, side=call.side)
    assert caught.value.code == call.code
    assert call.text in caught.value.text
    assert place.shown(name) == before


def busy_call(place: LabPlace) -> GatewayError:
    """Ask for a slot of a domain that another job holds, and give the error, with nothing changed."""
    name = BUSY.guest
    uuid, before = place.uuid(name), place.shown(name)
    with place.busy(name), pytest.raises(GatewayError) as caught:
        place.gateway.set_slots(uuid, cpulist.load(BUSY.vcpu), present=True, side=Side.LIVE)
    assert place.shown(name) == before
    return caught.value


def test_domain_held_by_another_job_is_told_by_real_hosts_after_half_a_minute(
    kept, fresh_guests, old_guests, fresh_database, redis, settings, monkeypatch
):
    newest = kept.setdefault("newest", LabPlace(fresh_guests))
    old = kept.setdefault("old", LabPlace(old_guests))
    newest.ready(BUSY.guest)
    with ThreadPoolExecutor(1) as pool, desk_at(old, settings, monkeypatch) as desk:
        call = pool.submit(busy_call, newest)
        play(desk, "old", BUSY)
        error = call.result()
    assert error.code == BUSY.answer.code
    assert BUSY.answer.text in error.text


# What no gateway asks: the slots in libvirt's own notation, the state and the flags, and what it answers.
RAW = [
    ("5", 2, 1, 8, "unsupported state value"),
    ("5", 1, 64, 8, "unsupported flags"),
    (None, 1, 1, 8, "must not be NULL"),
    ("five", 1, 1, 8, "Failed to parse bitmap"),
    ("", 1, 1, 8, "Failed to parse bitmap"),
    ("5,^5", 1, 1, 8, "no vcpus selected for modification"),
]


@pytest.fixture(params=["lab", "old_lab"])
def connection(request) -> Iterator[libvirt.virConnect]:
    eventloop.ensure_running()
    connection = libvirt.open(request.getfixturevalue(request.param).uri)
    yield connection
    connection.close()


@pytest.mark.parametrize(("slots", "state", "flags", "code", "text"), RAW)
def test_call_that_no_gateway_makes_is_rejected(connection, slots, state, flags, code, text):
    domain = connection.lookupByName("batch01")
    before = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    with pytest.raises(libvirt.libvirtError) as caught:
        domain.setVcpu(slots, state, flags)
    assert caught.value.get_error_code() == code
    assert text in caught.value.get_error_message()
    assert domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) == before


def test_driver_without_the_call_says_so(connection):
    socket = connection.getURI().partition("socket=")[2]
    counting = libvirt.open(f"test+unix:///default?socket={socket}")
    try:
        domain = counting.lookupByName("test")
        with pytest.raises(libvirt.libvirtError) as caught:
            domain.setVcpu("1", 0, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        assert caught.value.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT
        assert domain.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_LIVE) == 2
    finally:
        counting.close()


def test_slot_of_a_raised_maximum_cannot_be_removed_in_the_run_after(connection):
    """libvirt keeps such slots without the mark that tells removable from fixed, and answers with another error."""
    # Without a topology, or the maximum would have to be its product.
    root = ElementTree.fromstring(domain_xml(BY_NAME["quiet01"]).replace("quiet01", "grown01"))  # noqa: S314  # our own
    root.find("cpu").remove(root.find("cpu/topology"))
    root.remove(root.find("uuid"))
    domain = connection.defineXML(ElementTree.tostring(root, encoding="unicode"))
    try:
        domain.setVcpusFlags(16, libvirt.VIR_DOMAIN_VCPU_MAXIMUM | libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        domain.create()
        domain.setVcpu("9", 1, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        slots = parse(domain.XMLDesc(0), None).live
        assert 9 in slots.present - slots.removable
        with pytest.raises(libvirt.libvirtError) as caught:
            domain.setVcpu("9", 0, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        assert caught.value.get_error_code() == libvirt.VIR_ERR_INVALID_ARG
        assert "can't be hotunplugged" in caught.value.get_error_message()
    finally:
        if domain.isActive():
            domain.destroy()
        domain.undefine()
