"""What guests of a lab say on their consoles of the CPUs that they use."""

from __future__ import annotations

from domains.vcpu import cpulist
from lab.instance import Instance
from tests.waiting import wait_until

ONLINE_SECONDS = 60


def cpus_online(lab: Instance, name: str) -> int:
    """Say how many CPUs a guest uses, by the last line of its console that tells."""
    written = lab.folders.console(name).read_text(errors="replace").rpartition("\n")[0]  # whole lines
    return len(cpulist.load(written.rpartition("CPUs online: ")[2].split()[0]))


def wait_until_used(lab: Instance, name: str) -> None:
    """Wait until a running guest uses every vCPU it has: until then it cannot give one back."""
    present = int(lab.virsh("vcpucount", name, "--current", "--live"))
    wait_until(lambda: cpus_online(lab, name) == present, ONLINE_SECONDS, f"{name} to use {present} CPUs")
