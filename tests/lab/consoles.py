"""What guests of a lab say on their consoles of the CPUs that they use."""

from __future__ import annotations

import re

from domains.vcpu import cpulist
from lab.instance import Instance
from tests.waiting import wait_until

ONLINE_SECONDS = 60
_ONLINE = re.compile(r"CPUs online: ([0-9,-]+)\s")  # with what ends it: the last line may be half written


def cpus_online(lab: Instance, name: str) -> int | None:
    """Say how many CPUs a guest uses, by the last line of its console that tells; None before the first."""
    told = _ONLINE.findall(lab.folders.console(name).read_text(errors="replace"))
    return len(cpulist.load(told[-1])) if told else None


def wait_until_used(lab: Instance, name: str) -> None:
    """Wait until a running guest uses every vCPU it has: until then it cannot give one back."""
    present = int(lab.virsh("vcpucount", name, "--current", "--live"))
    wait_until(lambda: cpus_online(lab, name) == present, ONLINE_SECONDS, f"{name} to use {present} CPUs")
