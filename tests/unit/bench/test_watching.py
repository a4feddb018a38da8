from __future__ import annotations

import os
import subprocess
import sys

from bench import cpu, frozen, watch
from bench.shown import OWN
from tests.waiting import wait_until


def test_watching_is_judged_by_its_share_of_a_core_and_by_when_changes_were_shown():
    samples = {"cpu": [5.1], "cpu, bare loop": [0.4]}
    for what in watch.GOALS_MS:
        samples |= {what: [-20.0] * 19 + [201.0], what + OWN: [50.0]}
    rows = {row.what: row for row in watch._rows(samples)}
    assert (rows["watching 1,000 idle domains"].figure, rows["watching 1,000 idle domains"].verdict) == (
        5.1,
        "MISSED",
    )
    assert rows["removal by virsh shown, p95"].figure == -20
    samples["removal"].append(202.0)
    rows = {row.what: row for row in watch._rows(samples)}
    assert rows["removal by virsh shown, p95"].verdict == "MISSED"
    assert rows["addition by virsh shown, p95"].verdict == "met"


def test_a_frozen_host_is_judged_by_the_same_things_while_all_hosts_are_well():
    samples = {
        "the fleet, healthy": [10.0],
        "the fleet, one frozen": [12.1],
        "shown": [11.0, 20.5],
        "settled": [70.0],
    }
    rows = {row.what: row for row in frozen._rows(samples)}
    page, shown = rows["the fleet, one host frozen: p95"], rows["frozen host shown as such, at most"]
    assert (page.ratio, page.verdict) == (1.21, "MISSED")
    assert (shown.figure, shown.verdict) == (20.5, "MISSED")
    assert rows["settled after its return, at most"].verdict == ""


def test_share_of_the_processor_is_that_of_the_process():
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            wait_until(lambda: _busier(busy.pid, os.getpid()), what="its share, however busy the machine is")
        finally:
            busy.kill()


def _busier(one, other):
    used = cpu.shares([one, other], 0.5)
    return used[one] > used[other] and used[one] > 10
