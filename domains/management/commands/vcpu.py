"""Show and change a guest's vCPUs on the command line, by the same path as page and API."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from domains.management.operating import ACCEPTED, WAIT_SECONDS, OperatingCommand, exit_status
from domains.management.terminal import printable
from domains.operations.actor import Actor
from domains.operations.representation import domain_as_seen_by
from domains.operations.request import find_domain, request_change
from domains.vcpu.affect import Affect

_AFFECT = {
    (False, False): Affect.CURRENT,
    (True, False): Affect.LIVE,
    (False, True): Affect.CONFIG,
    (True, True): Affect.BOTH,
}


class Command(OperatingCommand):
    """``manage.py vcpu show|add|remove|make-removable|online|offline|sync HOST DOMAIN``."""

    help = (
        "Show or change vCPUs of a guest. make-removable marks boot vCPUs so that they can be removed after the next "
        "start; online and offline switch vCPUs inside the guest, through its agent; sync changes the side that is "
        "named so that it is like the other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("action", help="show, add, remove, make-removable, online, offline or sync")
        parser.add_argument("host", metavar="HOST")
        parser.add_argument("domain", metavar="DOMAIN", help="name or UUID")
        parser.add_argument(
            "--vcpu",
            help="IDs such as 5,7, or first (with add), or highest (with remove); with sync all that differ "
            "unless some are named",
        )
        parser.add_argument("--live", action="store_true", help="change the running guest")
        parser.add_argument("--config", action="store_true", help="change the configuration (the next boot)")
        parser.add_argument(
            "--on-failure", default="stop", help="with several IDs: stop (default) or continue"
        )
        parser.add_argument(
            "--wait", nargs="?", type=float, const=WAIT_SECONDS, metavar="SECONDS", help="until it is decided"
        )
        parser.add_argument(
            "--ask-anyway", action="store_true", help="let the hypervisor refuse, not the rules"
        )
        self.add_common_arguments(parser)

    def run(self, actor: Actor, options: dict[str, Any]) -> int:
        """Show the guest, or store what is asked and wait for it if that is wished."""
        if options["action"] == "show":
            return self._show(actor, options)
        asked = {
            "action": options["action"],
            "affect": _AFFECT[options["live"], options["config"]],
            "note": options["note"],
            "on_failure": options["on_failure"],
            "ask_anyway": options["ask_anyway"],
        }
        if options["vcpu"] is not None:
            asked["vcpu"] = options["vcpu"]
        operation = request_change(
            actor=actor, host=options["host"], domain_ref=options["domain"], asked=asked
        )
        if options["wait"] is not None:
            operation = self.await_decision(operation, options["wait"])
        self.tell(operation, as_json=options["json"])
        return exit_status(operation, waited=options["wait"] is not None)

    def _show(self, actor: Actor, options: dict[str, Any]) -> int:
        domain = find_domain(actor, options["host"], options["domain"])
        if options["json"]:
            self.stdout.write(json.dumps(domain_as_seen_by(actor, domain)))
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
        if domain.guest:
            online = domain.guest["online"]
            self.stdout.write(f"  guest   its CPUs {online} online, of {domain.guest['vcpus']}")
        return ACCEPTED
