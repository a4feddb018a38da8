"""What processes use of the processor while one waits."""

from __future__ import annotations

import time
from collections.abc import Collection

from bench.processes import processor_ms


def shares(pids: Collection[int], seconds: float) -> dict[int, float]:
    """Wait, and give by process what per cent of one core each has used meanwhile."""
    before, began = {pid: processor_ms([pid]) for pid in pids}, time.monotonic()
    time.sleep(seconds)
    took = (time.monotonic() - began) * 1000
    return {pid: 100 * (processor_ms([pid]) - earlier) / took for pid, earlier in before.items()}
