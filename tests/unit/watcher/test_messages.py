from __future__ import annotations

import pytest

from domains.hypervisor.gateway import DomainReading, DomainState, HostReading
from domains.vcpu.slots import SlotMap
from domains.vcpu.topology import Topology
from domains.watcher import messages
from domains.watcher.messages import Message, decode, encode

READING = DomainReading(
    uuid="1de06c25-2d1c-5e73-8c2d-f58cb0000000",
    name="web\u202e01\n<b>",
    state=DomainState.PAUSED,
    persistent=True,
    live=SlotMap(8, frozenset({0, 1, 5}), frozenset({5})),
    config=None,
    topology=Topology(2, 1, 1, 2, 2),
    libvirt_id=3,
    cpu_time=10**15,
    numa={0: frozenset({0, 1}), 1: frozenset({2, 3})},
    pinning={1: "0-1"},
    agent=False,
    machine="pc-q35-11.1",
    unmarked=frozenset({2, 3, 7}),
)
HOST = HostReading(12_008_000, "QEMU", 11_001_002, 2, specific=True, asynchronous=False)


@pytest.mark.parametrize(
    "message",
    [
        messages.Open("a.b", "qemu+unix:///system", True, 1.0),
        messages.Open("a.b", "qemu+unix:///system", False, 1.0, write=True),
        messages.Read(7, READING.uuid),
        messages.Look((READING.uuid,)),
        messages.Hello(HOST, ("a", "b")),
        messages.Alive(1.25),
        messages.Changed(("a",)),
        messages.Refused("a", 5, "device busy", 12.5),
        messages.Reading(7, READING),
        messages.Missing(7),
        messages.Failed(7, "The domain’s XML is malformed."),
        messages.Looked(()),
        messages.Follow((READING.uuid,)),
        messages.Used({READING.uuid: "10/100 0:37+3", "b": ""}),
        messages.Ended("The connection to the host was lost."),
        messages.Ended("The host does not answer.", "no_answer"),
    ],
)
def test_message_survives_the_pipe_as_one_line(message: Message) -> None:
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == message


@pytest.mark.parametrize("line", [b"", b"{}", b'{"kind": "Shutdown"}', b"libvirt: error"])
def test_line_of_another_origin_is_no_message(line: bytes) -> None:
    with pytest.raises((KeyError, ValueError)):
        decode(line)
