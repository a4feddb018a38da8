"""What all processes of an idle installation take together, with one host and no running guest."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from bench.parts import Samples
from bench.report import Row, limit
from bench.site import memory
from lab.instance import Instance
from lab.processes import descendants
from tests.product import ROOT, Product

MOST_MB = 300
IDLE_SECONDS = 60
REST = "the supervisor and the rest"


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Start everything on a host that has one guest, shut off, wait, and add up each process's share of the memory."""
    lab = Instance(folder)
    product = Product(folder)
    product.options = ("--no-lab",)
    try:
        lab.up(["batch01"])
        product.start()
        command = [sys.executable, "manage.py", "labhost"]
        subprocess.run(command, cwd=ROOT, env=product.environment, check=True, stdout=subprocess.DEVNULL)
        time.sleep(IDLE_SECONDS)
        samples = _memory(product)
    finally:
        product.stop()
        lab.down()
    total = sum(values[0] for values in samples.values())
    rows = [
        limit(f"memory of {name}", values[0], total, most=None, unit="MB") for name, values in samples.items()
    ]
    return [
        limit("memory of everything, idle", total, samples["web"][0], most=MOST_MB, unit="MB"),
        *rows,
    ], samples


def _memory(product: Product) -> Samples:
    supervisor = int((product.folder / "supervisord.pid").read_text(encoding="ascii"))
    named = {name: product.pid(name) for name in ("web", "worker", "watcher", "redis")}
    everything = {supervisor, *descendants(supervisor)}
    samples: Samples = {}
    for name, pid in named.items():
        family = {pid, *descendants(pid)}
        everything -= family
        samples[name] = [sum(map(memory, family)) / 1024]
    samples[REST] = [sum(map(memory, everything)) / 1024]
    return samples
