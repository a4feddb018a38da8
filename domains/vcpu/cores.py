"""Cores that hold some but not all of their threads, where threads are plugged one by one."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from domains.vcpu.topology import Topology


def half_cores(topology: Topology, present: AbstractSet[int]) -> tuple[int, ...]:
    """Give the cores, counted through all sockets, of which some threads are present and some are not.

    A guest's scheduler takes the two threads of a core for siblings that share it, so half a core is allowed
    but seldom meant. Linear in the number of present slots.
    """
    threads = topology.threads
    held: dict[int, int] = {}
    for vcpu in present:
        held[vcpu // threads] = held.get(vcpu // threads, 0) + 1
    return tuple(sorted(core for core, count in held.items() if count < threads))


def core_name(topology: Topology, core: int) -> str:
    """Name a core as the pages do: within its socket, which is named too where there are several."""
    socket, within = divmod(core, topology.per_socket // topology.threads)
    return f"core {within}" + (f" of socket {socket}" if topology.sockets > 1 else "")


def leaves(topology: Topology, before: AbstractSet[int], after: AbstractSet[int]) -> str:
    """Say which cores a change from ``before`` to ``after`` leaves with a part of their threads, if any.

    Cores that it does not touch are not spoken of.
    """
    touched = {vcpu // topology.threads for vcpu in before ^ after}
    parts = []
    for core in half_cores(topology, after):
        if core in touched:
            first = core * topology.threads
            count = len(after & set(range(first, first + topology.threads)))
            parts.append(
                f"{'one thread' if count == 1 else f'{count} threads'} of {core_name(topology, core)}"
            )
    return f"leaves {' and '.join(parts)}" if parts else ""
