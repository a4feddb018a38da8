"""Give a person or a group a role, making it where there is none yet, or take one away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from domains.management.administering import AdministeringCommand, operating_systems_user, refusals_told
from domains.management.terminal import printable
from domains.models import Role
from domains.models.scope import EVERY_GUEST
from domains.operations.accounts_roles import give_role, named_host, take_role


class Command(AdministeringCommand):
    """``manage.py grant NAME ROLE [--group] [--host HOST] [--match PATTERN] [--revoke]``."""

    help = (
        "Give a person or a group a role on all guests, or on those of one host or with matching names, or take "
        "it away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument(
            "name",
            metavar="NAME",
            help="sign-in name, or group; made if unknown, a person with a new password",
        )
        parser.add_argument("role", choices=[str(role) for role in Role])
        parser.add_argument(
            "--group", action="store_true", help="NAME is a group; its members hold the role too"
        )
        parser.add_argument("--host", help="only on this host")
        parser.add_argument(
            "--match", default=EVERY_GUEST, metavar="PATTERN", help="only guests so named, with * and ?"
        )
        parser.add_argument(
            "--revoke", action="store_true", help="take away the role that was given with the same words"
        )

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Store or delete the grant, with its history entry."""
        role, pattern = options["role"], options["match"]
        name = f"{'group ' if options['group'] else ''}{options['name']}"
        where = f"{'host ' + options['host'] if options['host'] else 'all hosts'}, guests {pattern}"
        with refusals_told("grant", options):
            host = named_host(options["host"]) if options["host"] else None
            about = {"name": options["name"], "role": role, "host": host, "pattern": pattern}
            about |= {"actor": operating_systems_user(), "group": options["group"]}
            if options["revoke"]:
                take_role(**about)
                self.stdout.write(printable(f"{name} is no longer {role} on {where}."))
                return
            given = give_role(**about)
        already = "" if given.new else " already"
        self.stdout.write(printable(f"{name} is{already} {role} on {where}."))
        if given.password:
            self.stdout.write(f"The account is new. Its password, shown only now: {given.password}")
        elif given.made:
            self.stdout.write("The group is new and has no members yet; see manage.py account join.")
