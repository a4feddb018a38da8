"""What the commands about batches share: how one is told and waited for, and its exit status."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from domains.management.operating import ACCEPTED, FAILED, NOT_FINAL, POLL_SECONDS
from domains.management.terminal import printable
from domains.models import Batch
from domains.operations import batch_words
from domains.operations.actor import Actor
from domains.operations.batches.control import items_seen_by
from domains.operations.batches.outcome import counts_of

_WELL = ("succeeded", "late", "nothing")
_OPEN = ("due", "queued", "running", "waiting", "unconfirmed")


def lines_of(told: Mapping[str, Any], *, as_json: bool) -> Iterator[str]:
    """Say a batch, or the plan of one, in the form of the outside interface, for a terminal."""
    if as_json:
        yield json.dumps(told)
        return
    head = f"batch {told['id']}, {told['status']}" if told["id"] else told["status"]
    deed = batch_words.deed(told["action"], told["requested"], len(told["guests"]) + told["hidden"])
    counts = ", ".join(f"{number} {outcome}" for outcome, number in told["counts"].items())
    yield printable(f"{head}: {deed}: {counts}")
    if told["message"]:
        yield f"  {printable(told['message'])}"
    for guest in told["guests"]:
        words = ": ".join(filter(None, (guest["outcome"], " · ".join(_words(guest)))))
        yield printable(f"  {guest['domain']['name']} on {guest['host']}: {words}")
    if told["hidden"]:
        yield f"  {told['hidden']} more, which you may not see"


def _words(guest: Mapping[str, Any]) -> Iterator[str]:
    yield from filter(None, (guest["plan"], guest["message"]))


def wait(batch: Batch, seconds: float) -> None:
    """Look at the row until the batch is over, or the time is."""
    deadline = time.monotonic() + seconds
    while batch.under_way and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        batch.refresh_from_db()


def exit_status(actor: Actor, batch: Batch) -> int:
    """Give 0 where every guest that the actor may see is as asked, 1 where one is not, 3 where that is not decided."""
    counts = counts_of(items_seen_by(actor).filter(batch=batch))
    if any(counts.keys() - {*_WELL, *_OPEN}):
        return FAILED
    return NOT_FINAL if batch.under_way or any(outcome in counts for outcome in _OPEN) else ACCEPTED
