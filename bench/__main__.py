"""Run the named measurements, or all of them, each on what it needs."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import click, domain, felt, first, fleet, frozen, history, idle, operations, streams, watch
from bench.report import Row, show
from tests.product import Product

Measured = tuple[list[Row], dict[str, list[float]]]


def on_product(measure: Callable[[Product], Measured]) -> Callable[[Path, argparse.Namespace], Measured]:
    """Let a measurement have the whole product running, with a lab of its own."""

    def measured(folder: Path, _: argparse.Namespace) -> Measured:
        product = Product(folder)
        product.start()
        try:
            return measure(product)
        finally:
            product.stop()

    return measured


def page(folder: Path) -> Measured:
    """Measure the page of a guest in the server, and all pages in Chromium."""
    (rows, samples), (more_rows, more_samples) = domain.measure(folder), felt.measure(folder)
    return rows + more_rows, samples | more_samples


MEASUREMENTS: dict[str, Callable[[Path, argparse.Namespace], Measured]] = {
    "click": on_product(click.measure),
    "page": lambda folder, _: page(folder),
    "fleet": lambda folder, _: fleet.measure(folder),
    "frozen": lambda folder, _: frozen.measure(folder),
    "watch": lambda folder, _: watch.measure(folder),
    "streams": lambda folder, _: streams.measure(folder),
    "memory": lambda folder, _: idle.measure(folder),
    "first": lambda folder, _: first.measure(folder),
    "history": lambda folder, options: history.measure(folder, options.database, tuple(options.entries)),
    "operations": lambda folder, options: operations.measure(folder, options.database),
}


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument(
        "--database",
        default="",
        metavar="URL",
        help="for history (with one size) or operations: an empty PostgreSQL database in place of SQLite",
    )
    parser.add_argument(
        "--entries", nargs="+", type=int, default=history.SIZES, metavar="N", help="for history: its sizes"
    )
    options = parser.parse_args()
    names = options.names or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"there is no measurement {', '.join(unknown)}; choose from {', '.join(MEASUREMENTS)}")
    if options.database and (len(names) != 1 or ("history" in names and len(options.entries) != 1)):
        parser.error(
            "a database is filled once: name one measurement, and for history one size with --entries"
        )
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="slotboard-bench-") as folder:
            rows, samples = MEASUREMENTS[name](Path(folder), options)
        print(show(rows, samples, Path("var/bench") / f"{stamp}-{name}.json"))


if __name__ == "__main__":
    main()
