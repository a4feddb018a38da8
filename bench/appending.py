"""How fast entries are appended: by one process, and by eight at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import islice

from django.db import transaction

from bench.ledger import Story
from domains.history.ledger import append

ENTRIES = 2000
PROCESSES = 8


def measure(seed: str = "") -> dict[str, list[float]]:
    """Give entries a second, each in a transaction of its own. With a ``seed``, when one of many began and ended."""
    if seed:
        return {"between": list(_append(int(seed), ENTRIES // PROCESSES))}
    began, ended = _append(0, ENTRIES)
    command = [sys.executable, "-m", "bench.inside", "append"]
    running = [subprocess.Popen([*command, str(n + 1)], stdout=subprocess.PIPE) for n in range(PROCESSES)]
    between = [json.loads(process.communicate()[0])["between"] for process in running]
    together = max(end for _, end in between) - min(begin for begin, _ in between)
    return {"append": [ENTRIES / (ended - began)], "append, 8 processes": [ENTRIES / together]}


def _append(seed: int, entries: int) -> tuple[float, float]:
    bodies = list(islice(Story(seed + 100).entries(), entries))
    began = time.time()
    for body in bodies:
        number = body.get("operation")
        told = body | {"operation": number + (seed + 1) * 10**9} if number else body
        with transaction.atomic():
            append(told["kind"], told)
    return began, time.time()
