"""One readable line per step, with the seconds since the start."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_line: str) -> None:
    """Say nothing; for callers that only want the result."""


def on_terminal() -> Progress:
    """Return a function that prints each line with the seconds since this call."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {line}", flush=True)

    return say
