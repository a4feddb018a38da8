"""What the watcher's parent and its children say to each other: one JSON object per line, over pipes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

from domains.hypervisor.gateway import DomainReading, DomainState, HostReading
from domains.vcpu import cpulist
from domains.vcpu.slots import SlotMap
from domains.vcpu.topology import Topology


@dataclass(frozen=True, slots=True)
class Open:
    """To the child, first and once: the connection to hold, and how often (seconds) to ask for statistics.

    ``gateway`` is the dotted path of the function that opens a connection. ``monitor`` makes it read-write, as does
    ``write`` for a test of what workers need.
    """

    gateway: str
    uri: str
    monitor: bool
    interval: float
    write: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """To the child: read this domain now. Answered by ``Reading``, ``Missing`` or ``Failed``."""

    token: int
    uuid: str


@dataclass(frozen=True, slots=True)
class Look:
    """To the child: say which of these differ from the reading last sent. Answered by ``Looked``."""

    uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Follow:
    """To the child: tell from now on how much the vCPUs of these use, and of no others. Answered by ``Used``."""

    uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hello:
    """From the child: the connection stands, and these are all the domains of the host."""

    host: HostReading
    uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alive:
    """From the child: the host has just answered, and took ``round_trip`` milliseconds for its shortest answer."""

    round_trip: float = 0.0


@dataclass(frozen=True, slots=True)
class Changed:
    """From the child: there are signs that these domains are new, gone or different."""

    uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """From the child: the guest was heard to refuse the removal of this vCPU.

    ``moment`` is when, by the monotonic clock, which is one for all processes of a machine.
    """

    uuid: str
    vcpu: int
    text: str
    moment: float


@dataclass(frozen=True, slots=True)
class Reading:
    """From the child: the domain that was asked for."""

    token: int
    reading: DomainReading


@dataclass(frozen=True, slots=True)
class Missing:
    """From the child: the host has no such domain."""

    token: int


@dataclass(frozen=True, slots=True)
class Failed:
    """From the child: the domain could not be read, the connection stands."""

    token: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Looked:
    """From the child: the last ``Look`` is done; these domains differ."""

    uuids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Used:
    """From the child: how much the vCPUs of some domains have lately used, by UUID (``usage.write``)."""

    shares: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """From the child, last: the connection broke, or could not be opened, of which ``obstacle`` is the kind.

    ``said`` are libvirt's own words for the log.
    """

    sentence: str
    obstacle: str = ""
    said: str = ""


Asked = Open | Read | Look | Follow
Said = Hello | Alive | Changed | Refused | Reading | Missing | Failed | Looked | Used | Ended
Message = Asked | Said
_KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in get_args(Asked) + get_args(Said)}


def encode(message: Message) -> bytes:
    """Write a message as one line."""
    body: dict[str, object] = {"kind": type(message).__name__}
    for field in fields(message):
        body[field.name] = _plain(getattr(message, field.name))
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Read a line that :func:`encode` wrote. Raises ``KeyError`` or ``ValueError`` for any other."""
    body = json.loads(line)
    kind = _KINDS[body.pop("kind")]
    if "uuids" in body:
        body["uuids"] = tuple(body["uuids"])
    if kind is Hello:
        body["host"] = HostReading(**body["host"])
    if kind is Reading:
        body["reading"] = reading_from_json(body["reading"])
    return kind(**body)


def _plain(value: object) -> object:
    if isinstance(value, DomainReading):
        return reading_to_json(value)
    if isinstance(value, HostReading):
        return asdict(value)
    return value


def reading_to_json(reading: DomainReading) -> dict[str, object]:
    """Give a reading as JSON values; sets of IDs become cpulists."""
    body: dict[str, object] = {
        field.name: getattr(reading, field.name)
        for field in fields(reading)
        if field.name not in ("live", "config", "topology", "numa", "unmarked")
    }
    return body | {
        "live": reading.live and reading.live.to_json(),
        "config": reading.config and reading.config.to_json(),
        "topology": reading.topology.to_json(),
        "numa": {cell: cpulist.dump(ids) for cell, ids in reading.numa.items()},
        "unmarked": cpulist.dump(reading.unmarked),
    }


def reading_from_json(body: dict[str, Any]) -> DomainReading:
    """Read what :func:`reading_to_json` gave."""
    sides = {side: SlotMap.from_json(body[side]) if body[side] else None for side in ("live", "config")}
    return DomainReading(
        **body
        | sides
        | {
            "state": DomainState(body["state"]),
            "topology": Topology.from_json(body["topology"]),
            "numa": {int(cell): cpulist.load(ids) for cell, ids in body["numa"].items()},
            "unmarked": cpulist.load(body["unmarked"]),
            "pinning": {int(vcpu): cpus for vcpu, cpus in body["pinning"].items()},
        }
    )
