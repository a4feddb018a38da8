"""Run the named measurements, or all of them, on a Slotboard of their own."""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench import click
from bench.report import show
from tests.product import Product

MEASUREMENTS = {"click": click.measure}


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args().names or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"there is no measurement {', '.join(unknown)}; choose from {', '.join(MEASUREMENTS)}")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    with tempfile.TemporaryDirectory(prefix="slotboard-bench-") as folder:
        product = Product(Path(folder))
        product.start()
        try:
            for name in names:
                rows, samples = MEASUREMENTS[name](product)
                print(show(rows, samples, Path("var/bench") / f"{stamp}-{name}.json"))
        finally:
            product.stop()


if __name__ == "__main__":
    main()
