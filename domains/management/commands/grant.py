"""Give a person a role, making the account where there is none yet, or take one away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from domains.management.administering import AdministeringCommand, operating_systems_user, refusals_told
from domains.models import Host, Role
from domains.operations.accounts import EVERY_GUEST, give_role, take_role
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason


class Command(AdministeringCommand):
    """``manage.py grant USER ROLE [--host HOST] [--match PATTERN] [--revoke]``."""

    help = (
        "Give a person a role on all guests, or on those of one host or with matching names, or take it away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("user", metavar="USER", help="sign-in name; made with a new password if unknown")
        parser.add_argument("role", choices=[str(role) for role in Role])
        parser.add_argument("--host", help="only on this host")
        parser.add_argument(
            "--match", default=EVERY_GUEST, metavar="PATTERN", help="only guests so named, with * and ?"
        )
        parser.add_argument(
            "--revoke", action="store_true", help="take away the role that was given with the same words"
        )

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Store or delete the grant, with its history entry."""
        name, role, pattern = options["user"], options["role"], options["match"]
        where = f"{'host ' + options['host'] if options['host'] else 'all hosts'}, guests {pattern}"
        with refusals_told("grant", options):
            host = _host(options["host"]) if options["host"] else None
            about = {"name": name, "role": role, "host": host, "pattern": pattern}
            if options["revoke"]:
                take_role(actor=operating_systems_user(), **about)
                self.stdout.write(f"{name} is no longer {role} on {where}.")
                return
            given = give_role(actor=operating_systems_user(), **about)
        already = "" if given.new else " already"
        self.stdout.write(f"{name} is{already} {role} on {where}.")
        if given.password:
            self.stdout.write(f"The account is new. Its password, shown only now: {given.password}")


def _host(slug: str) -> Host:
    host = Host.objects.filter(slug=slug).first()
    if host is None:
        raise RequestRefused(
            Reason.HOST_NOT_FOUND, f"There is no host “{slug[:100]}”; grant without --host covers all hosts."
        )
    return host
