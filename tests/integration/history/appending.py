"""One writer among several: says that it is ready, waits for a line, and appends entries, one a transaction."""

from __future__ import annotations

import sys

import django

if __name__ == "__main__":
    django.setup()

from django.db import connection, transaction

from domains.history import ledger


def main(writer: int, count: int) -> None:
    connection.ensure_connection()
    print("ready", flush=True)  # noqa: T201  # what the test waits for
    sys.stdin.readline()
    for number in range(count):
        with transaction.atomic():
            ledger.append("started", {"writer": writer, "number": number})


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
