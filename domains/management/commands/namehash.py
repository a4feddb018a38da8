"""manage.py namehash: find out whether a failed sign-in was meant for a certain name."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from domains.history.form import body_of
from domains.models import HistoryEntry
from domains.operations.signing_in import name_hash


class Command(BaseCommand):
    """``manage.py namehash [NAME]``."""

    help = (
        "Print the hash that stands in the history for a name that nobody has, and when it was tried. Without NAME "
        "it is asked for and not shown, so that it stays out of the shell's memory."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        parser.add_argument("name", nargs="?", metavar="NAME")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Print the hash, and one line for each entry that holds it."""
        hashed = name_hash(options["name"] or getpass.getpass("Name: "))
        self.stdout.write(hashed)
        failures = HistoryEntry.objects.filter(kind="sign_in_failed", body__contains=hashed).order_by("seq")
        for seq, written in failures.values_list("seq", "body").iterator():
            if (body := body_of(written)) is not None:
                self.stdout.write(f"entry {seq}: {body['time']} from {body.get('address')}")
