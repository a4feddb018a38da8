"""How fast the history is verified and exported, and what memory that takes above an idle process."""

from __future__ import annotations

import resource
import time

from django.db.models import Q

from domains.history.export import planning, writing
from domains.history.export.forms import FORMS
from domains.history.search import Filters, entries, find
from domains.history.verify import verify
from domains.models import HistoryEntry

BY = {"actor": "os:bench", "door": "command"}


def measure() -> dict[str, list[float]]:
    """Give entries a second, and megabytes above what the process took before."""
    HistoryEntry.objects.count()
    idle = _peak()
    samples: dict[str, list[float]] = {}
    began = time.perf_counter()
    verdict = verify()
    samples["verify"] = [verdict.entries / (time.perf_counter() - began)]
    samples["verify, memory"] = [_peak() - idle]
    last = verdict.seq
    began = time.perf_counter()
    size = sum(1 for _ in writing.lines(planning.header(1, last, by=BY), None, FORMS["ndjson"]))
    samples["export"] = [size / (time.perf_counter() - began)]
    matching = entries(find(Filters(status="failed"), Q()))
    header = planning.header(1, last, by=BY, scope="filtered")
    began = time.perf_counter()
    size = sum(1 for _ in writing.lines(header, matching, FORMS["ndjson"]))
    samples["export, filtered"] = [size / (time.perf_counter() - began)]
    samples["export, memory"] = [_peak() - idle]
    return samples


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
