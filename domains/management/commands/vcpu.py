"""Show, add and remove a guest's vCPUs on the command line, by the same path as the page."""

from __future__ import annotations

import getpass
import json
import sys
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser

from domains.management.terminal import printable
from domains.models import FINAL, Operation, Status
from domains.operations import said
from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.representation import domain_json, operation_json
from domains.operations.request import find_domain, request_change
from domains.vcpu.affect import Affect
from domains.vcpu.reasons import Reason

ACCEPTED, FAILED, REFUSED, NOT_FINAL = 0, 1, 2, 3
WAIT_SECONDS = 60
POLL_SECONDS = 0.05
_SETTLED = (*FINAL, Status.WAITING, Status.UNCONFIRMED)
_AFFECT = {
    (False, False): Affect.CURRENT,
    (True, False): Affect.LIVE,
    (False, True): Affect.CONFIG,
    (True, True): Affect.BOTH,
}


class Command(BaseCommand):
    """``manage.py vcpu show|add|remove HOST DOMAIN``."""

    help = "Show, add or remove vCPUs of a guest."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("action", help="show, add or remove")
        parser.add_argument("host", metavar="HOST")
        parser.add_argument("domain", metavar="DOMAIN", help="name or UUID")
        parser.add_argument("--vcpu", help="IDs such as 5,7, or first (with add), or highest (with remove)")
        parser.add_argument("--live", action="store_true", help="change the running guest")
        parser.add_argument("--config", action="store_true", help="change the configuration (the next boot)")
        parser.add_argument(
            "--on-failure", default="stop", help="with several IDs: stop (default) or continue"
        )
        parser.add_argument("--note", default="", help="why, which ticket")
        parser.add_argument(
            "--wait", nargs="?", type=float, const=WAIT_SECONDS, metavar="SECONDS", help="until it is decided"
        )
        parser.add_argument(
            "--ask-anyway", action="store_true", help="let the hypervisor refuse, not the rules"
        )
        parser.add_argument("--as", dest="user", metavar="USER", help="act with a user's rights")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def run_from_argv(self, argv: list[str]) -> None:
        """Let a usage error answer with JSON too where that is asked for."""
        try:
            super().run_from_argv(argv)
        except SystemExit as ending:
            if ending.code == REFUSED and "--json" in argv and not getattr(self, "answered", False):
                self._refuse(
                    Reason.INVALID_REQUEST, "The command line is wrong; see vcpu --help.", as_json=True
                )
            raise

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Run, and end with the exit status that says how it went."""
        try:
            status = self._run(options)
        except RequestRefused as refused:
            self._refuse(refused.code, refused.message, as_json=options["json"])
            status = REFUSED
        sys.exit(status)

    def _run(self, options: dict[str, Any]) -> int:
        actor = _actor(options["user"])
        if options["action"] == "show":
            return self._show(actor, options)
        asked = {
            "action": options["action"],
            "vcpu": "-1" if options["vcpu"] is None else options["vcpu"],
            "affect": _AFFECT[options["live"], options["config"]],
            "note": options["note"],
            "on_failure": options["on_failure"],
            "ask_anyway": options["ask_anyway"],
        }
        operation = request_change(
            actor=actor, host=options["host"], domain_ref=options["domain"], asked=asked
        )
        if options["wait"] is not None:
            operation = _wait(operation, options["wait"])
        self._print(operation, as_json=options["json"])
        return _exit_status(operation, waited=options["wait"] is not None)

    def _show(self, actor: Actor, options: dict[str, Any]) -> int:
        domain = find_domain(actor, options["host"], options["domain"])
        told = domain_json(domain)
        if options["json"]:
            self.stdout.write(json.dumps(told))
            return ACCEPTED
        self.stdout.write(f"{printable(domain.name)} on {domain.host.slug}: {domain.state}")
        for side in ("live", "config"):
            slots = getattr(domain, side)
            words = (
                f"{slots['present']} of 0-{slots['max'] - 1}, removable: {slots['removable'] or 'none'}"
                if slots
                else "none"
            )
            self.stdout.write(f"  {side:<7} {words}")
        return ACCEPTED

    def _print(self, operation: Operation, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(operation_json(operation)))
            return
        late = ", late" if operation.late else ""
        line = f"operation {operation.pk}: {said.of_operation(operation)}: {operation.status}{late}"
        self.stdout.write(printable(line))
        if operation.message:
            self.stdout.write(f"  {printable(operation.message)}")

    def _refuse(self, code: Reason, message: str, *, as_json: bool) -> None:
        self.answered = True
        if as_json:
            self.stdout.write(json.dumps({"code": str(code), "message": message}))
        else:
            self.stderr.write(f"{printable(message)} ({code})")


def _actor(username: str | None) -> Actor:
    if username is None:
        return Actor(f"os:{getpass.getuser()}", "command")
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise RequestRefused(Reason.NOT_PERMITTED, f"There is no active user “{username[:150]}”.")
    return Actor(user.get_username(), "command", user)


def _wait(operation: Operation, seconds: float) -> Operation:
    """Look at the row until the operation is decided, waits for its guest, or the time is over."""
    deadline = time.monotonic() + seconds
    while operation.status not in _SETTLED and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        operation.refresh_from_db()
    return operation


def _exit_status(operation: Operation, *, waited: bool) -> int:
    if operation.status in (Status.FAILED, Status.PARTIAL, Status.CANCELLED):
        return FAILED
    if not waited or operation.status == Status.SUCCEEDED:
        return ACCEPTED
    return NOT_FINAL
