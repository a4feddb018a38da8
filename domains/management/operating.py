"""What the commands about vCPUs and operations share: who asks, how an operation is told, and the exit status."""

from __future__ import annotations

import json
import sys
import time
from abc import ABC, abstractmethod
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandParser

from domains.management.administering import (
    AdministeringCommand,
    operating_systems_user,
    record_refused_command,
)
from domains.management.terminal import printable
from domains.models import FINAL, Operation, Status
from domains.operations import said, workers
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.representation import operation_json
from domains.vcpu.reasons import Reason

ACCEPTED, FAILED, REFUSED, NOT_FINAL = 0, 1, 2, 3
WAIT_SECONDS = 60
POLL_SECONDS = 0.05
_SETTLED = (*FINAL, Status.WAITING, Status.UNCONFIRMED)


class OperatingCommand(AdministeringCommand, ABC):
    """A command that ends with the exit status of an operation, and tells a refusal as JSON where asked to.

    What is refused stands in the history, a command line that makes no sense too; only looking leaves no trace.
    """

    keeps_words = True  # nothing that these commands take is secret

    def add_common_arguments(self, parser: CommandParser) -> None:
        """Declare what all of them understand."""
        parser.add_argument("--note", default="", help="why, which ticket")
        parser.add_argument("--as", dest="user", metavar="USER", help="act with a user's rights")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def refuse_line(self, argv: list[str]) -> None:
        """Answer with JSON too where that is asked for; argparse has told others how it is used."""
        super().refuse_line(argv)
        if "--json" in argv:
            wrong = f"The command line is wrong; see {argv[1]} --help."
            self._refuse(Reason.INVALID_REQUEST, wrong, as_json=True)

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Run, and end with the exit status that says how it went."""
        try:
            status = self.run(actor_named(options["user"]), options)
        except RequestRefused as refused:
            if "show" not in (options.get("action"), options.get("deed")):
                record_refused_command(refused, type(self).__module__.rpartition(".")[2], options)
            self._refuse(refused.code, refused.message, as_json=options["json"])
            status = REFUSED
        sys.exit(status)

    @abstractmethod
    def run(self, actor: Actor, options: dict[str, Any]) -> int:
        """Do what is asked and give the exit status. Raises :class:`RequestRefused`."""

    def tell(self, operation: Operation, *, as_json: bool) -> None:
        """Print an operation as it stands."""
        if as_json:
            self.stdout.write(json.dumps(operation_json(operation)))
            return
        late = ", late" if operation.late else ""
        line = f"operation {operation.pk}: {said.of_operation(operation)}: {operation.status}{late}"
        self.stdout.write(printable(line))
        if operation.message:
            self.stdout.write(f"  {printable(operation.message)}")

    def await_decision(self, operation: Operation, seconds: float) -> Operation:
        """Wait as ``wait`` does, and say first if there is nobody who could decide it."""
        operation.refresh_from_db()
        host = operation.host
        if operation.status not in _SETTLED and host is not None and workers.lacks(host):
            self.stderr.write(
                f"No worker serves the queue {host.queue} of {host.slug}: operation {operation.pk} stays queued until "
                "one does."
            )
        return wait(operation, seconds)

    def _refuse(self, code: Reason, message: str, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"code": str(code), "message": message}))
        else:
            self.stderr.write(f"{printable(message)} ({code})")


def actor_named(username: str | None) -> Actor:
    """Give the user of that name, or the operating system's for None. Raises :class:`RequestRefused`."""
    if username is None:
        return operating_systems_user()
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise RequestRefused(Reason.NOT_PERMITTED, f"There is no active user “{username[:150]}”.")
    return Actor(user.get_username(), "command", user)


def wait(operation: Operation, seconds: float) -> Operation:
    """Look at the row until the operation is decided, waits for its guest, or the time is over."""
    deadline = time.monotonic() + seconds
    while operation.status not in _SETTLED and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        operation.refresh_from_db()
    return operation


def exit_status(operation: Operation, *, waited: bool) -> int:
    """Give 0 for success (accepted, where nobody waited), 1 for failure, 3 for what is not decided."""
    if operation.status in (Status.FAILED, Status.PARTIAL, Status.CANCELLED):
        return FAILED
    if not waited or operation.status == Status.SUCCEEDED:
        return ACCEPTED
    return NOT_FINAL
