"""A simulated guest's own kernel: which of its CPUs it has and uses, in its own numbers.

A CPU keeps its number for the whole run, also while it is away; a new one gets the lowest that was never given.
"""

from __future__ import annotations

from typing import Any

from domains.hypervisor.gateway import GuestReading
from domains.vcpu import cpulist

Body = dict[str, Any]


def boot(body: Body) -> None:
    """Number the CPUs that are there at the start, by slot."""
    notice(body, cpulist.load(body["live"]["present"]), frozenset())
    body["offline"] = []


def notice(body: Body, came: frozenset[int], went: frozenset[int]) -> None:
    """Have the kernel see slots come, and use their CPUs unless it waits to be told; and see others go."""
    numbers, offline = body["cpus"], set(body["offline"])
    for slot in sorted(came):
        number = numbers.setdefault(str(slot), len(numbers))
        if not body["brings_online"]:
            offline.add(number)
    body["offline"] = sorted(offline - {numbers[str(slot)] for slot in went})


def view(body: Body) -> GuestReading:
    """Give what the agent tells of a running guest."""
    here = frozenset(body["cpus"][str(slot)] for slot in cpulist.load(body["live"]["present"]))
    return GuestReading(vcpus=here, online=here - set(body["offline"]), offlinable=here - {0})


def switch(body: Body, cpus: frozenset[int], online: bool) -> None:
    """Use CPUs, or use them no more."""
    offline = set(body["offline"])
    body["offline"] = sorted(offline - cpus if online else offline | cpus)
