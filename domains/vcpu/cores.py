"""Cores that hold some but not all of their threads, where threads are plugged one by one."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from domains.vcpu.topology import Topology


def core_name(topology: Topology, core: int) -> str:
    """Name a core as the pages do: within its socket, which is named too where there are several."""
    socket, within = divmod(core, topology.per_socket // topology.threads)
    return f"core {within}" + (f" of socket {socket}" if topology.sockets > 1 else "")


def leaves(topology: Topology, before: AbstractSet[int], after: frozenset[int]) -> str:
    """Say which cores a change from ``before`` to ``after`` leaves with a part of their threads, if any.

    A guest's scheduler takes the threads of a core for siblings that share it, so a part of a core is allowed
    but seldom meant. Cores that the change does not touch are not spoken of.
    """
    parts = []
    for core in sorted({vcpu // topology.threads for vcpu in before ^ after}):
        first = core * topology.threads
        count = len(after.intersection(range(first, first + topology.threads)))
        if 0 < count < topology.threads:
            parts.append(
                f"{'one thread' if count == 1 else f'{count} threads'} of {core_name(topology, core)}"
            )
    return f"leaves {' and '.join(parts)}" if parts else ""
