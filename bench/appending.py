"""How fast entries are appended: by one process, and by eight at once."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import islice

from django.db import transaction

from bench.ledger import Story
from domains.history.ledger import append

ENTRIES = 2000
PROCESSES = 8


def measure(processes: str = "") -> dict[str, list[float]]:
    """Give entries a second, each in a transaction of its own; with ``processes`` that of one of many."""
    if processes:
        return {"seconds": [_append(int(processes), ENTRIES // PROCESSES)]}
    seconds = _append(0, ENTRIES)
    began = time.perf_counter()
    command = [sys.executable, "-m", "bench.inside", "append"]
    running = [subprocess.Popen([*command, str(n + 1)], stdout=subprocess.DEVNULL) for n in range(PROCESSES)]
    if any(process.wait() for process in running):
        raise RuntimeError("a process that appended has failed")
    together = time.perf_counter() - began
    return {"append": [ENTRIES / seconds], "append, 8 processes": [ENTRIES / together]}


def _append(seed: int, entries: int) -> float:
    bodies = list(islice(Story(seed + 100).entries(), entries))
    began = time.perf_counter()
    for body in bodies:
        number = body.get("operation")
        told = body | {"operation": number + (seed + 1) * 10**9} if number else body
        with transaction.atomic():
            append(told["kind"], told)
    return time.perf_counter() - began
