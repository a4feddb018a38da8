"""Photograph the pages of a Slotboard that is started for it, on a lab of its own."""

from __future__ import annotations

import argparse
import signal
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from pictures.camera import take
from pictures.pages import PICTURES, Picture
from pictures.palette import reduced
from pictures.people import People
from pictures.story import play
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.product import ROOT, Product


def main() -> None:
    """Parse the command line, start everything, let the story happen, take the pictures, end everything."""
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="pictures to take, such as domain; all for none"
    )
    parser.add_argument(
        "--into", type=Path, default=ROOT / "docs" / "images", help="the folder (%(default)s)"
    )
    options = parser.parse_args()
    chosen = [picture for picture in PICTURES if not options.names or picture.name in options.names]
    if unknown := set(options.names) - {picture.name for picture in chosen}:
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it ends what it has started
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="slotboard-pictures-") as folder:
        files = _photograph(Path(folder), chosen, options.into)
    for file in files:
        file.write_bytes(reduced(file.read_bytes()))
    weight = sum(file.stat().st_size for file in files) / 1e6
    print(f"{len(files)} pictures in {options.into}, {weight:.1f} MB")


def _photograph(folder: Path, chosen: list[Picture], into: Path) -> list[Path]:
    product = Product(
        folder, SLOTBOARD_UNPLUG_PATIENCE="3600"
    )  # what waits for its guest shall wait in every picture
    product.start()
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            people = People(chromium, product)
            places = play(product, people, folder)
            files = take(people, product.url, places, chosen, into)
            chromium.close()
    finally:
        product.stop()
    return files


if __name__ == "__main__":
    main()
