"""Verify, export and archive the history, and keep what proves it, on the command line."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError

from domains.management.administering import AdministeringCommand, record_refused_command
from domains.management.history.subcommand import REFUSED, UsageError
from domains.management.history.table import SUBCOMMANDS
from domains.management.terminal import printable
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason


class Command(AdministeringCommand):
    """``manage.py history SUBCOMMAND``; nothing but the database needs to run."""

    help = (
        "Verify, export and archive the history, print its head, and record what was done to it on purpose."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare every subcommand's interface."""
        names = "|".join(subcommand.name for subcommand in SUBCOMMANDS)
        subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar=names)
        for subcommand in SUBCOMMANDS:
            subcommand.add_arguments(subparsers.add_parser(subcommand.name, help=subcommand.help))

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Run one of them; status 2 says that it could not be done at all."""
        [subcommand] = [each for each in SUBCOMMANDS if each.name == options["subcommand"]]
        try:
            try:
                status = subcommand(self.stdout, self.stderr).run(options)
            except UsageError as refused:
                self.stderr.write(printable(str(refused)))
                status = REFUSED
                if subcommand.records:
                    told = RequestRefused(Reason.INVALID_REQUEST, str(refused))
                    record_refused_command(told, "history", options)
        except DatabaseError as error:
            self.stderr.write(printable(f"The database failed: {error}"))
            status = REFUSED
        if status:
            sys.exit(status)

    def refuse_line(self, argv: list[str]) -> None:
        """Write it down unless the subcommand only looks, which needs no database that can be written."""
        if any(subcommand.records for subcommand in SUBCOMMANDS if subcommand.name in argv[2:3]):
            super().refuse_line(argv)
