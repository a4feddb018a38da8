"""Look at an operation, do something about one that is under way, undo or retry one, on the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from domains.management.operating import ACCEPTED, WAIT_SECONDS, OperatingCommand, exit_status
from domains.operations import control, followups
from domains.operations.actor import Actor

_DEEDS = {
    "cancel": control.cancel,
    "ask-again": control.ask_again,
    "stop-waiting": control.stop_waiting,
    "undo": followups.undo,
    "retry": followups.retry,
}


class Command(OperatingCommand):
    """``manage.py operation show|cancel|ask-again|stop-waiting|undo|retry ID``."""

    help = (
        "Show an operation; cancel one that is still queued; have the guest asked once more for what it has not let "
        "go of; stop waiting for it; or ask, as a new operation, for the opposite of what one has done or once more for "
        "what one has not achieved."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("deed", choices=["show", *_DEEDS])
        parser.add_argument("id", type=int, metavar="ID")
        parser.add_argument(
            "--wait",
            nargs="?",
            type=float,
            const=WAIT_SECONDS,
            metavar="SECONDS",
            help="until it is decided, or waits for its guest (again)",
        )
        self.add_common_arguments(parser)

    def run(self, actor: Actor, options: dict[str, Any]) -> int:
        """Do it and print the operation as it stands then; with undo and retry that is the new one."""
        if options["deed"] == "show":
            operation = control.find(actor, options["id"])
        else:
            operation = _DEEDS[options["deed"]](actor, options["id"], note=options["note"])
        if options["wait"] is not None:
            operation = self.await_decision(operation, options["wait"])
        self.tell(operation, as_json=options["json"])
        if options["deed"] == "cancel":
            return ACCEPTED
        waited = options["wait"] is not None or options["deed"] == "show"
        return exit_status(operation, waited=waited)
