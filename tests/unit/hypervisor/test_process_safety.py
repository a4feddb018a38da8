"""libvirt breaks after a fork, in both processes; the room refuses before that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from domains.hypervisor import libvirt_gateway
from domains.hypervisor.errors import HostUnreachable
from domains.hypervisor.libvirt_gateway import open_gateway

FORK = """
import os, sys
from domains.hypervisor import eventloop
from domains.hypervisor.errors import ForkedProcess
from domains.hypervisor.libvirt_gateway import open_gateway

gateway = open_gateway("test:///default", readonly=True)
child = os.fork()
if child == 0:
    refused = 0
    for use in (gateway.read_host, eventloop.ensure_running, lambda: open_gateway("test:///default", readonly=True)):
        try:
            use()
        except ForkedProcess:
            refused += 1
    os._exit(0 if refused == 3 else 1)
assert os.waitpid(child, 0)[1] == 0
assert gateway.read_host().hypervisor == "TEST"
gateway.close()
"""
LATER = """
import os
from domains.hypervisor import connections, hotplug, libvirt_gateway

child = os.fork()
if child == 0:
    gateway = libvirt_gateway.open_gateway("test:///default", readonly=False)
    os._exit(0 if gateway.read_host().specific is False else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize("program", [FORK, LATER], ids=["opened before the fork", "opened after the fork"])
def test_connection_belongs_to_the_process_that_opened_it(program):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "uri",
    ["qemu+unix:///system?socket=/nonexistent/sock", "qemu+tcp://127.0.0.1:1/system", "lxc+unix:///nowhere"],
)
def test_unreachable_host_is_told_without_libvirts_words(uri, capfd):
    with pytest.raises(HostUnreachable) as caught:
        open_gateway(uri, readonly=True)
    assert "/nonexistent" not in caught.value.text
    assert caught.value.text.endswith(".")
    assert capfd.readouterr().err == ""  # libvirt itself prints nothing


def test_no_monitor_command_is_ever_sent():
    room = Path(libvirt_gateway.__file__).parent
    text = "".join(path.read_text() for path in room.glob("*.py"))
    assert "qemuMonitorEventRegister" in text
    assert "MonitorCommand" not in text
    assert "AgentCommand" not in text
