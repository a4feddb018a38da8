"""The processor time that processes have used, as Linux counts it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Give the processes that this one has started and that are still there."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def parent(pid: int) -> int:
    """Give the process that has started this one."""
    return int(_fields(pid)[1])


def processor_ms(pids: list[int]) -> float:
    """Give the milliseconds that these processes have used so far, and those of their own that have ended."""
    ticks = 0
    for pid in pids:
        with suppress(FileNotFoundError):  # it has just ended, and counts with the process that started it
            ticks += sum(map(int, _fields(pid)[11:15]))
    return ticks * 1000 / _TICKS


def _fields(pid: int) -> list[str]:
    """Give what stands behind the name, in which there may be anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
