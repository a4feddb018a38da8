"""`script/server` as somebody meets it who has just cloned the repository: the first page, and the first click.

Clone, environment and data folder are fresh. What a machine has for good is as it was: its system packages, and what
pip and the lab have downloaded before.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.parts import Samples
from bench.report import Row, limit
from bench.site import answers
from tests.product import ROOT, Product
from tests.waiting import wait_until

PAGE_SECONDS, READY_SECONDS = 60, 180
PATIENCE = 900
KEPT = "system packages, pip's and the lab's downloads kept"
PAGE, READY, ALONE = "first page", "Ready:", "venv and pip alone"


def measure(folder: Path) -> tuple[list[Row], Samples]:
    """Make the environment alone, for comparison, and then start everything from a clone of what is committed."""
    clone, var = folder / "clone", folder / "var"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    var.mkdir()
    samples = {ALONE: [_environment(folder / "alone", clone / "requirements.txt")], **_start(clone, var)}
    (alone,) = samples[ALONE]
    return [
        limit(f"fresh clone ({KEPT}): {what}", samples[what][0], alone, most=most, unit="s")
        for what, most in ((PAGE, PAGE_SECONDS), (READY, READY_SECONDS))
    ], samples


def _environment(folder: Path, requirements: Path) -> float:
    began = time.monotonic()
    subprocess.run(["python3", "-m", "venv", str(folder)], check=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    subprocess.run([str(folder / "bin/python"), *install, "--requirement", str(requirements)], check=True)
    return time.monotonic() - began


def _start(clone: Path, var: Path) -> Samples:
    product = Product(var)
    command = ["script/server", "--port", str(product.port)]
    began = time.monotonic()

    def after(condition: Callable[[], object], what: str) -> list[float]:
        wait_until(lambda: condition() or server.poll() is not None, PATIENCE, what)
        if server.poll() is not None:
            raise RuntimeError(f"script/server ended before the {what}:\n{product.log[-3000:]}")
        return [time.monotonic() - began]

    with product.log_path.open("ab") as log:
        server = subprocess.Popen(
            command, cwd=clone, env=product.environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        return {
            PAGE: after(lambda: answers(product.port, "/accounts/login/"), PAGE),
            READY: after(lambda: f"Ready: {product.url}/" in product.log, READY),
        }
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
