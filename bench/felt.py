"""How the pages feel in Chromium, beside an empty one: paint, shifts, answers to clicks, and what is fetched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.parts import Samples
from bench.report import Row, limit, percentile, times
from bench.site import site

SETTINGS = "bench.served"
SERVED_MS, CLICK_MS, COLD_KB = 100, 200, 250
PAGES = ("8 slots", "4,096 slots", "4,096 slots, a socket opened", "fleet", "history")


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Measure with one web process and one Chromium on a database of their own in ``folder``."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS, "SLOTBOARD_VAR": str(folder)}
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"]
    subprocess.run(collect, env=environment, check=True)
    with site(folder, SETTINGS) as running:
        part = [sys.executable, "-m", "bench.inside", "visits", str(running.port)]
        done = subprocess.run(part, env=running.environment, check=True, stdout=subprocess.PIPE)
    samples: Samples = json.loads(done.stdout)
    return list(rows(samples)), samples


def rows(samples: Samples) -> Iterator[Row]:
    """Judge what was seen; the empty page is the baseline."""

    def both(page: str, what: str, share: float) -> tuple[float, float]:
        own, frame = samples[f"{page}: {what}"], samples[f"frame: {what}"]
        return percentile(own, share), percentile(frame, share)

    for page in PAGES:
        yield limit(f"{page}: answered in Chromium", *both(page, "served", 0.5), most=SERVED_MS, unit="ms")
        yield times(f"{page}: largest paint", *both(page, "painted", 0.5), most=None)
        yield limit(f"{page}: shift on load", *both(page, "shifted", 1), most=0, unit="‰")
        yield limit(f"{page}: fetched cold", *both(page, "cold", 1), most=COLD_KB, unit="KB")
        yield limit(f"{page}: fetched warm", *both(page, "warm", 1), most=0, unit="KB")
    yield limit("8 slots: shift on a push", max(samples["push: shifted"]), 0, most=0, unit="‰")
    for page in ("8 slots", "4,096 slots, a socket opened"):
        yield limit(f"{page}: click to paint, worst", *both(page, "click", 1), most=CLICK_MS, unit="ms")
