"""Waiting for what other processes do."""

from __future__ import annotations

import time

LONG = 60.0  # seconds that a busy machine may take; no promise


def wait_until(condition, timeout: float = LONG, what: str = "the condition"):
    """Wait for a true value and return it; fail the test with ``what`` otherwise."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not come within {timeout} s"
        time.sleep(0.01)
    return value


def eventually(condition, seconds: float = LONG) -> bool:
    """Wait for a true value, and tell whether it came."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
