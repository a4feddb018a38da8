"""Change vCPUs of many guests on the command line, by the same path as page and API."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import CommandParser

from domains.management.operating import (
    ACCEPTED,
    FAILED,
    NOT_FINAL,
    POLL_SECONDS,
    WAIT_SECONDS,
    OperatingCommand,
)
from domains.management.terminal import printable
from domains.models import Batch
from domains.operations import batch_words
from domains.operations.actor import Actor
from domains.operations.batches import choose
from domains.operations.batches.outcome import counts_of
from domains.operations.batches.representation import batch_json, plan_json
from domains.operations.batches.request import Choice, preview, request_batch
from domains.operations.batches.wanted import PARALLEL
from domains.vcpu.affect import Affect

_AFFECT = {
    (False, False): Affect.CURRENT,
    (True, False): Affect.LIVE,
    (False, True): Affect.CONFIG,
    (True, True): Affect.BOTH,
}
_WELL = ("succeeded", "late", "nothing")
_OPEN = ("due", "queued", "running", "waiting", "unconfirmed")


class Command(OperatingCommand):
    """``manage.py batch add|remove --match PATTERN``."""

    help = (
        "Add or remove vCPUs of all guests whose names match a pattern, a few at a time. --dry-run prints what would "
        "happen to each, or why nothing can."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("action", help="add or remove; make-removable and sync work too")
        parser.add_argument("--match", required=True, metavar="PATTERN", help="names of guests, with * and ?")
        parser.add_argument("--host", default="", help="only guests of this host")
        parser.add_argument("--vcpu", help="IDs such as 5,7, or first (with add), or highest (with remove)")
        parser.add_argument(
            "--count",
            help="how many vCPUs each guest gets (its lowest free ones) or loses (its highest removable ones)",
        )
        parser.add_argument("--live", action="store_true", help="change the running guests")
        parser.add_argument("--config", action="store_true", help="change the configurations (the next boot)")
        parser.add_argument(
            "--parallel", default=PARALLEL, metavar="N", help=f"at a time, {PARALLEL} by default"
        )
        parser.add_argument(
            "--stop-on-failure", action="store_true", help="start nothing more after a failure"
        )
        parser.add_argument("--dry-run", action="store_true", help="print the plan and change nothing")
        parser.add_argument(
            "--wait", nargs="?", type=float, const=WAIT_SECONDS, metavar="SECONDS", help="until it is over"
        )
        self.add_common_arguments(parser)

    def run(self, actor: Actor, options: dict[str, Any]) -> int:
        """Print the plan, or store the batch and wait for it if that is wished."""
        asked = {name: options[name] for name in ("vcpu", "count") if options[name] is not None}
        asked |= {name: options[name] for name in ("action", "parallel", "stop_on_failure", "note")}
        asked["affect"] = _AFFECT[options["live"], options["config"]]
        match, host = options["match"], options["host"]
        choice = Choice(choose.by_match(actor, match, host), {"match": match, "host": host})
        if options["dry_run"]:
            told = plan_json(actor, preview(actor, choice, asked), asked)
            self._tell(told, "planned", as_json=options["json"])
            return ACCEPTED
        batch = request_batch(actor, choice, asked)
        if options["wait"] is not None:
            _wait(batch, options["wait"])
        told = batch_json(actor, batch)
        self._tell(told, f"batch {batch.pk}, {batch.status}", as_json=options["json"])
        return ACCEPTED if options["wait"] is None else _exit_status(batch)

    def _tell(self, told: dict[str, Any], head: str, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        deed = batch_words.deed(told["action"], told["requested"], len(told["guests"]))
        counts = ", ".join(f"{number} {outcome}" for outcome, number in told["counts"].items())
        self.stdout.write(printable(f"{head}: {deed}: {counts}"))
        for guest in told["guests"]:
            words = " · ".join(filter(None, (guest["plan"], guest["message"])))
            name = f"{guest['domain']['name']} on {guest['host']}"
            self.stdout.write(printable(f"  {name}: {guest['outcome']}: {words}"))


def _wait(batch: Batch, seconds: float) -> None:
    """Look at the row until the batch is over, or the time is."""
    deadline = time.monotonic() + seconds
    while batch.under_way and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        batch.refresh_from_db()


def _exit_status(batch: Batch) -> int:
    """Give 0 where every guest is as asked, 1 where one is not, 3 where that is not decided of all others."""
    counts = counts_of(batch.items.all())
    if any(counts.keys() - {*_WELL, *_OPEN}):
        return FAILED
    return NOT_FINAL if batch.under_way or any(outcome in counts for outcome in _OPEN) else ACCEPTED
