"""Waiting for what other processes do."""

from __future__ import annotations

import time


def wait_until(condition, timeout: float = 10.0, what: str = "the condition"):
    """Wait for a true value and return it; fail the test with ``what`` otherwise."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not come within {timeout} s"
        time.sleep(0.01)
    return value
