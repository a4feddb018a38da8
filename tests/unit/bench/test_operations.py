from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench import operations, processes

SAMPLES = {
    "transactions": [2000.0],
    "host, ms": [0.5],
    "live, add, /s": [120.0],
    "live, add, its pool, ms": [9.0],
    "live, add, each": [8.0, 9.0],
    "both, add, /s": [60.0],
}


@pytest.mark.parametrize(("goal", "verdict"), [(100, "met"), (200, "MISSED")])
def test_only_changes_of_one_side_have_a_goal(goal, verdict):
    rows = {row.what: row for row in operations._rows(SAMPLES, goal)}
    assert (rows["live, add"].verdict, rows["live, add"].baseline) == (verdict, 2000)
    assert rows["both, add"].verdict == ""
    assert rows["processor: live, add, its pool"].ratio == 18
    assert len(rows) == 4


def test_processor_time_counts_children_that_have_ended():
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    before = processes.processor_ms([os.getpid()])
    child = subprocess.Popen([sys.executable, "-c", busy])
    assert child.pid in processes.children(os.getpid())
    assert processes.parent(child.pid) == os.getpid()
    child.wait()
    assert processes.processor_ms([child.pid]) == 0
    assert processes.processor_ms([os.getpid()]) - before >= 190
