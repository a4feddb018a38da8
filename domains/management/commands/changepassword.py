"""Give a person another password, in place of Django's own command, which would leave no trace."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from domains.management.administering import AdministeringCommand, operating_systems_user, refusals_told
from domains.operations.accounts import change_password


class Command(AdministeringCommand):
    """``manage.py changepassword USER``."""

    help = "Give a person another password, which is asked for twice and signs them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("user", metavar="USER", help="sign-in name")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Ask for the password and store it, with its history entry."""
        name = options["user"]
        password = getpass.getpass(f"New password of {name}: ")
        if getpass.getpass("The same again: ") != password:
            raise CommandError("Those were two different passwords; nothing was changed.")
        with refusals_told("changepassword", options):
            change_password(actor=operating_systems_user(), name=name, password=password)
        self.stdout.write(f"{name} has the new password and is signed out everywhere.")
