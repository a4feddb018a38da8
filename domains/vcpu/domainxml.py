"""Reading libvirt's domain XML: slots of both sides, topology, NUMA cells, pinning and the agent's channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

from domains.vcpu import cpulist
from domains.vcpu.cpulist import MAX_SLOTS
from domains.vcpu.slots import SlotMap
from domains.vcpu.topology import Topology

MAX_BYTES = 8 * 1024 * 1024
_MAX_DIGITS = 9
_AGENT_CHANNEL = "org.qemu.guest_agent.0"
_MACHINES_WITHOUT_HOTPLUG = frozenset({"microvm", "isapc", "virt"})


class DomainXmlError(ValueError):
    """Domain XML that is refused, or that is not what libvirt writes. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class ParsedDomain:
    """What both XML documents of one domain say.

    ``live`` is None without live XML, ``config`` without configuration XML. Topology, NUMA cells (cell ID to
    vCPU IDs), pinning (vCPU ID to a cpulist of host CPUs) and machine are the live ones where there are such.
    ``agent`` is None without an agent channel, else whether the agent is connected. ``unit_size`` is how many
    slots the machine plugs together; ``hotplug`` is False for a machine that plugs no vCPU at all. ``unmarked``
    are the slots listed without saying whether they are hotpluggable, on the live side where there is one: libvirt
    leaves that out after the maximum was raised, and then refuses to unplug such a slot by its ID.
    """

    name: str
    uuid: str
    libvirt_id: int | None
    live: SlotMap | None
    config: SlotMap | None
    topology: Topology
    machine: str
    unit_size: int
    hotplug: bool
    agent: bool | None
    numa: dict[int, frozenset[int]] = field(default_factory=dict)
    pinning: dict[int, str] = field(default_factory=dict)
    unmarked: frozenset[int] = frozenset()


def parse(live_xml: str | None, config_xml: str | None) -> ParsedDomain:
    """Read a domain from its live XML, its inactive XML, or both.

    Raises ``DomainXmlError`` for a document with a DOCTYPE, above 8 MB or with more than 4,096 slots, and for
    one that is malformed or lacks what every domain has.
    """
    live = None if live_xml is None else _root(live_xml)
    config = None if config_xml is None else _root(config_xml)
    root = config if live is None else live
    if root is None:
        raise DomainXmlError("There is no XML to read.")
    slots = _slots(root)
    topology = _topology(root, slots.maximum)
    machine = _attribute(root.find("./os/type"), "machine")
    libvirt_id = None if live is None else live.get("id")
    return ParsedDomain(
        name=_text(root, "name"),
        uuid=_text(root, "uuid"),
        libvirt_id=None if libvirt_id is None else _number(libvirt_id, "domain ID"),
        live=None if live is None else slots,
        config=None if config is None else _slots(config),
        topology=topology,
        machine=machine,
        unit_size=topology.threads if machine.startswith("pseries") else 1,
        hotplug=machine.partition("-")[0] not in _MACHINES_WITHOUT_HOTPLUG,
        agent=_agent(root),
        numa=_numa(root),
        pinning=_pinning(root),
        unmarked=_unmarked(root),
    )


def _root(xml: str) -> ElementTree.Element:
    # The text is already decoded, so no encoding declaration can hide a DOCTYPE from this look at it:
    # the parser is handed the same characters, and ignores what the document says of its encoding.
    if len(xml) > MAX_BYTES or len(xml.encode(errors="replace")) > MAX_BYTES:
        raise DomainXmlError("The domain's XML is larger than 8 MB and was not read.")
    if "<!DOCTYPE" in xml:
        raise DomainXmlError("The domain's XML has a DOCTYPE and was not read.")
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError) as error:
        raise DomainXmlError(f"The domain's XML is malformed: {error}.") from error
    if root.tag != "domain":
        raise DomainXmlError("The XML does not describe a domain.")
    return root


def _slots(root: ElementTree.Element) -> SlotMap:
    element = root.find("vcpu")
    if element is None:
        raise DomainXmlError("The domain's XML does not say how many vCPUs it has.")
    maximum = _number((element.text or "").strip(), "number of vCPUs")
    if maximum > MAX_SLOTS:
        raise DomainXmlError(f"The domain has {maximum} slots; more than {MAX_SLOTS} are not read.")
    listed = root.find("vcpus")
    if listed is None:
        # Without a list the first ones are present, and what was there at boot is fixed.
        current = _number(element.get("current", str(maximum)), "number of current vCPUs")
        if current > maximum:
            raise DomainXmlError("The domain's XML has more current vCPUs than slots.")
        return SlotMap(maximum, frozenset(range(current)), frozenset())
    present: set[int] = set()
    removable: set[int] = set()
    for vcpu in listed.iterfind("vcpu"):
        slot = _number(vcpu.get("id", ""), "vCPU ID")
        if slot >= maximum:
            raise DomainXmlError(f"The domain's XML lists vCPU {slot} of {maximum} slots.")
        if vcpu.get("enabled") != "yes":
            continue
        present.add(slot)
        # Unset means fixed for a present vCPU, however it came about.
        if vcpu.get("hotpluggable") == "yes":
            removable.add(slot)
    return SlotMap(maximum, frozenset(present), frozenset(removable))


def _unmarked(root: ElementTree.Element) -> frozenset[int]:
    listed = root.iterfind("./vcpus/vcpu")
    return frozenset(
        _number(vcpu.get("id", ""), "vCPU ID") for vcpu in listed if vcpu.get("hotpluggable") is None
    )


def _topology(root: ElementTree.Element, maximum: int) -> Topology:
    """Without a topology libvirt gives QEMU one socket per slot."""
    element = root.find("./cpu/topology")
    if element is None:
        return Topology(sockets=maximum)
    levels = {
        level: _number(element.get(level, "1"), f"number of {level}")
        for level in ("sockets", "dies", "clusters", "cores", "threads")
    }
    if 0 in levels.values():
        raise DomainXmlError("The domain's XML has a topology with an empty level.")
    return Topology(**levels)


def _agent(root: ElementTree.Element) -> bool | None:
    for target in root.iterfind("./devices/channel/target"):
        if target.get("name") == _AGENT_CHANNEL:
            return target.get("state") == "connected"
    return None


def _numa(root: ElementTree.Element) -> dict[int, frozenset[int]]:
    cells: dict[int, frozenset[int]] = {}
    for position, cell in enumerate(root.iterfind("./cpu/numa/cell")):
        number = _number(cell.get("id", str(position)), "NUMA cell")
        cells[number] = _ids(cell.get("cpus", ""))
    return cells


def _pinning(root: ElementTree.Element) -> dict[int, str]:
    return {
        _number(pin.get("vcpu", ""), "pinned vCPU"): pin.get("cpuset", "")
        for pin in root.iterfind("./cputune/vcpupin")
    }


def _ids(text: str) -> frozenset[int]:
    try:
        return cpulist.load(text)
    except ValueError as error:
        raise DomainXmlError(str(error)) from error


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise DomainXmlError(f"The domain's XML has “{text[:40]}” as its {what}.")
    return int(text)


def _text(root: ElementTree.Element, tag: str) -> str:
    text = root.findtext(tag)
    if not text:
        raise DomainXmlError(f"The domain's XML has no {tag}.")
    return text


def _attribute(element: ElementTree.Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")
