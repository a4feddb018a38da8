"""Waiting for a connection test on the command line."""

from __future__ import annotations

import sys
import time

from django.core.management.base import OutputWrapper

from domains.models import ConnectionTest, clock
from domains.operations.hosts_words import outcome_of

_PAUSE = 0.2
FAILED, UNKNOWN = 1, 3  # exit statuses


def await_outcome(test: ConnectionTest, seconds: float | None, out: OutputWrapper) -> None:
    """Print what came of a test within ``seconds``; exit with 1 or 3 unless the host was reached.

    Without ``seconds`` nobody waits: it is said that a watcher was asked.
    """
    if seconds is None:
        out.write(f"Test {test.pk} waits for a watcher; its answer will stand at /hosts/tests/{test.pk}/.")
        return
    deadline = time.monotonic() + seconds
    outcome = outcome_of(test, clock.now())
    while outcome.pending and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        test.refresh_from_db()
        outcome = outcome_of(test, clock.now())
    out.write(outcome.sentence)
    if outcome.advice:
        out.write(outcome.advice)
    for name, value in outcome.facts:
        out.write(f"  {name}: {value}")
    if not outcome.good:
        sys.exit(UNKNOWN if outcome.pending else FAILED)
