"""What a measurement runs in a process of its own, on a database of its own: ``python -m bench.inside PART``.

The environment names the database, as it does for the product. Prints samples as JSON, milliseconds or others.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import django

django.setup()

from bench import (  # noqa: E402  # they need what was set up
    appending,
    crowd,
    freezing,
    ledger,
    lists,
    pages,
    reading,
    slots,
    viewers,
    visits,
    working,
)

PARTS: dict[str, Callable[..., dict[str, list[float]]]] = {
    "write": ledger.write,
    "pages": pages.measure,
    "append": appending.measure,
    "read": reading.measure,
    "slots": slots.measure,
    "crowd": crowd.write,
    "lists": lists.measure,
    "viewers": viewers.measure,
    "visits": visits.measure,
    "work": working.measure,
    "freezing": freezing.measure,
}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps(PARTS[name](*arguments)))
