from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.vcpu.domainxml import DomainXmlError, parse
from domains.vcpu.slots import SlotMap
from domains.vcpu.topology import Topology

DATA = Path(__file__).parents[2] / "data" / "domain_xml"  # as libvirt 12.8 wrote them


def read(name: str) -> str:
    return (DATA / f"{name}.xml").read_text()


def xml(body: str = "<vcpu>4</vcpu>", attributes: str = "") -> str:
    return f"<domain type='kvm'{attributes}><name>a</name><uuid>u</uuid>{body}</domain>"


def vcpus(*lines: str, maximum: int = 4) -> str:
    return xml(f"<vcpu>{maximum}</vcpu><vcpus>{''.join(lines)}</vcpus>")


def test_web01_is_read_with_its_list():
    domain = parse(read("web01-live"), read("web01-config"))
    assert (domain.name, domain.machine, domain.agent, domain.libvirt_id) == ("web01", "pc-q35-11.1", True, 1)
    assert domain.live == SlotMap(32, frozenset({0, 1, 2, 3}), frozenset())
    assert domain.config == SlotMap(32, frozenset({0, 1, 2, 3}), frozenset())
    assert domain.topology == Topology(2, 1, 1, 8, 2)
    assert domain.numa == {0: frozenset(range(16)), 1: frozenset(range(16, 32))}
    assert domain.pinning == {0: "0", 1: "1", 5: "0"}
    assert (domain.unit_size, domain.hotplug) == (1, True)


def test_transient_domain_without_a_list_has_its_first_slots_fixed():
    domain = parse(read("fleeting01-live"), None)
    assert domain.config is None
    assert domain.live == SlotMap(8, frozenset({0, 1}), frozenset())


def test_shut_off_domain_has_no_live_side():
    domain = parse(None, read("batch01-config"))
    assert (domain.live, domain.libvirt_id) == (None, None)
    assert domain.config.maximum == 8
    assert domain.agent is False


def test_pseries_plugs_whole_cores():
    domain = parse(read("power01-live"), None)
    assert (domain.unit_size, domain.machine) == (4, "pseries-11.1")
    assert domain.live.present == set(range(8))


def test_microvm_plugs_nothing():
    domain = parse(None, read("old01-config"))
    assert (domain.hotplug, domain.agent, domain.numa, domain.pinning) == (False, None, {}, {})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<vcpu>4</vcpu>", SlotMap(4, frozenset({0, 1, 2, 3}), frozenset())),
        ("<vcpu current='2'>4</vcpu>", SlotMap(4, frozenset({0, 1}), frozenset())),
        ("<vcpu placement='static'>\n 1 </vcpu>", SlotMap(1, frozenset({0}), frozenset())),
    ],
)
def test_slots_without_a_list(body, expected):
    assert parse(None, xml(body)).config == expected
    assert parse(xml(body, " id='7'"), None).live == expected


@pytest.mark.parametrize(
    ("line", "present", "removable"),
    [
        ("<vcpu id='2' enabled='yes' hotpluggable='yes' order='2'/>", True, True),
        ("<vcpu id='2' enabled='yes' hotpluggable='no'/>", True, False),
        ("<vcpu id='2' enabled='yes'/>", True, False),
        ("<vcpu id='2' enabled='no' hotpluggable='yes'/>", False, False),
        ("<vcpu id='2' enabled='no' order='4'/>", False, False),
        ("<vcpu id='2' enabled='no' hotpluggable='no'/>", False, False),
    ],
)
def test_hotpluggable_has_three_states(line, present, removable):
    slots = parse(None, vcpus("<vcpu id='0' enabled='yes' hotpluggable='no'/>", line)).config
    assert (2 in slots.present, 2 in slots.removable) == (present, removable)
    assert 3 not in slots.present  # slots that are not listed are absent
    assert 0 in slots.fixed


def test_slots_that_do_not_say_whether_they_are_hotpluggable_are_told_by_side():
    marked = vcpus(*(f"<vcpu id='{slot}' enabled='yes' hotpluggable='no'/>" for slot in range(4)))
    unmarked = vcpus(
        "<vcpu id='0' enabled='yes' hotpluggable='no'/>",
        "<vcpu id='1' enabled='yes'/>",
        "<vcpu id='2' enabled='no'/>",
        "<vcpu id='3' enabled='no' hotpluggable='yes'/>",
    )
    assert parse(unmarked, marked).unmarked == {1, 2}
    assert parse(marked, unmarked).unmarked == frozenset()
    assert parse(None, unmarked).unmarked == {1, 2}
    assert parse(xml(), None).unmarked == frozenset()


def test_list_overrides_the_current_count():
    slots = parse(
        None,
        xml(
            "<vcpu current='1'>4</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='3' enabled='yes'/></vcpus>"
        ),
    )
    assert slots.config.present == {0, 3}


def test_without_a_topology_each_slot_is_a_socket():
    assert parse(None, xml()).topology == Topology(sockets=4)


def test_numa_cells_count_up_where_they_have_no_id():
    body = "<vcpu>4</vcpu><cpu><numa><cell cpus='0-1'/><cell cpus='2,3'/><cell/></numa></cpu>"
    assert parse(None, xml(body)).numa == {0: {0, 1}, 1: {2, 3}, 2: set()}


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<domain><name>&b;</name><uuid>u</uuid><vcpu>1</vcpu></domain>"
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "<?xml version='1.0' encoding='UTF-16'?>" + BOMB,
        "\ufeff" + BOMB,
        '<!DOCTYPE domain SYSTEM "file:///etc/passwd">' + xml(),
        "\n<!--x-->\n<!DOCTYPE domain>" + xml(),
    ],
)
def test_doctype_is_refused_before_parsing(text):
    with pytest.raises(DomainXmlError, match="DOCTYPE"):
        parse(None, text)


def test_encoding_declaration_is_of_no_effect():
    assert parse(None, "<?xml version='1.0' encoding='UTF-16'?>" + xml()).name == "a"


@pytest.mark.parametrize("letter", ["x", "ü", "𝄞"])
def test_more_than_8_megabytes_are_refused(letter):
    padding = letter * (8 * 1024 * 1024 // len(letter.encode()) + 1)
    with pytest.raises(DomainXmlError, match="8 MB"):
        parse(None, xml(f"<vcpu>1</vcpu><!--{padding}-->"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<domain>",
        "<network/>",
        "\x00",
        "\ud800",
        "<!doctype domain>" + xml(),
        xml(""),
        xml("<vcpu>4097</vcpu>"),
        xml("<vcpu>-1</vcpu>"),
        xml("<vcpu>٣</vcpu>"),
        xml("<vcpu>" + "9" * 5000 + "</vcpu>"),
        xml("<vcpu current='5'>4</vcpu>"),
        vcpus("<vcpu id='4' enabled='yes'/>"),
        vcpus("<vcpu enabled='yes'/>"),
        xml("<vcpu>4</vcpu><cpu><topology sockets='0' cores='4' threads='1'/></cpu>"),
        xml("<vcpu>4</vcpu><cpu><numa><cell cpus='0-9999'/></numa></cpu>"),
        "<domain><uuid>u</uuid><vcpu>1</vcpu></domain>",
        "<domain><name>a</name><vcpu>1</vcpu></domain>",
        xml("<a>" * 100_000 + "</a>" * 100_000 + "<vcpu>x</vcpu>"),
        xml("<vcpu>&undefined;</vcpu>"),
    ],
    ids=range(21),
)
def test_malformed_xml_is_refused_with_a_sentence(text):
    with pytest.raises(DomainXmlError, match=r"\.$"):
        parse(None, text)


def test_no_xml_at_all_is_refused():
    with pytest.raises(DomainXmlError):
        parse(None, None)


def test_4096_slots_are_read():
    lines = "".join(
        f"<vcpu id='{n}' enabled='{'yes' if n % 2 == 0 else 'no'}' hotpluggable='yes'/>" for n in range(4096)
    )
    slots = parse(None, vcpus(lines, maximum=4096)).config
    assert len(slots.present) == 2048


@pytest.mark.parametrize("name", ["<b>&amp;\"'", "\u202eevil", "ü" * 127, "a\tb"])
def test_odd_names_come_through(name):
    escaped = name.replace("&amp;", "&amp;amp;").replace("<", "&lt;")
    assert parse(None, f"<domain><name>{escaped}</name><uuid>u</uuid><vcpu>1</vcpu></domain>").name == name


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read_but_never_breaks(text):
    with pytest.raises(DomainXmlError):
        parse(None, text)
