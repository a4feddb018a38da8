"""A host with a thousand idle domains: what watching it costs, and how soon a change by virsh is shown."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

from bench import cpu
from bench.report import Row, limit, percentile
from bench.shown import OWN, Samples, Watched
from lab.instance import Instance
from lab.processes import descendants
from tests.product import ROOT, Product
from tests.waiting import wait_until

IDLE = 1_000
GUESTS = ("web01", "db01", "batch01")  # the last is shut off, and what the idle ones are copies of
LIVE_ROUNDS, OPEN_ROUNDS, CONFIG_ROUNDS, SHUT_OFF = 30, 20, 12, 10
SECONDS = 60  # two rounds of looks and more
PERCENT = 5
GOALS_MS = {
    "add": ("addition by virsh shown", 2_000),
    "removal": ("removal by virsh shown", 200),
    "open": ("config change shown, domain open", 2_000),
    "config, shut off": ("config change shown, shut off", 30_000),
    "config": ("config change shown, running", 30_000),
}


class Watching(Product):
    """The product beside a lab that is started without its help, so that only a few guests run."""

    options = ("--no-lab",)


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Start everything, define the idle domains, measure, and end everything."""
    product, lab = Watching(folder), Instance(folder)
    try:
        lab.up(GUESTS)
        idle = _define(lab)
        product.start()
        subprocess.run([sys.executable, "manage.py", "labhost"], env=product.environment, check=True)
        wait_until(lambda: _known(product) == IDLE + len(GUESTS), 300, "an inventory of all domains")
        samples = _idle(product, lab)
        watched = Watched(product, lab)
        samples |= watched.live("db01", 40, LIVE_ROUNDS)
        samples |= watched.opened("batch01", 5, OPEN_ROUNDS)
        samples |= watched.idle(random.sample(idle, SHUT_OFF), 5)
        samples |= watched.configured(["web01", "db01"], 30, CONFIG_ROUNDS)
    finally:
        if product.process is not None:
            product.stop()
        lab.down()
    return _rows(samples), samples


def _define(lab: Instance) -> list[str]:
    """Define copies of the domain that is shut off, and give their names."""
    xml, own = lab.virsh("dumpxml", "--inactive", "batch01"), lab.virsh("domuuid", "batch01")
    file = lab.var / "idle.xml"
    names = [f"idle{number:04}" for number in range(IDLE)]
    for name in names:
        file.write_text(xml.replace("batch01", name).replace(own, str(uuid.uuid4())), encoding="utf-8")
        lab.virsh("define", str(file))
    return names


def _known(product: Product) -> object:
    return product.query("SELECT count(*) AS known FROM domains_domain WHERE gone_at IS NULL")[0]["known"]


def _idle(product: Product, lab: Instance) -> Samples:
    """Give the watcher's share of a core, its child's included, and that of a bare loop in the same minute."""
    time.sleep(SECONDS)  # until everything has been read in full and looked at once
    loop = subprocess.Popen([sys.executable, "-m", "bench.statistics_loop", lab.uri], cwd=ROOT)
    try:
        time.sleep(2)
        parent = product.pid("watcher")
        used = cpu.shares([parent, *descendants(parent), loop.pid], SECONDS)
    finally:
        loop.kill()
        loop.wait()
    bare = used.pop(loop.pid)
    return {"cpu": [sum(used.values())], "cpu, parent alone": [used[parent]], "cpu, bare loop": [bare]}


def _rows(samples: Samples) -> list[Row]:
    """Judge what the watcher uses, and how long after virsh had returned its changes were shown."""
    (watcher,), (bare,) = samples["cpu"], samples["cpu, bare loop"]
    rows = [limit(f"watching {IDLE:,} idle domains", watcher, bare, most=PERCENT, unit="%")]
    for what, (words, goal) in GOALS_MS.items():
        own = percentile(samples[what + OWN], 0.95)
        rows.append(limit(f"{words}, p95", percentile(samples[what], 0.95), own, most=goal, unit="ms"))
    return rows
