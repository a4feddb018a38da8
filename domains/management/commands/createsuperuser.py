"""Django's own command of this name would make an account without a trace; this says what to do instead."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """``manage.py createsuperuser``: refused."""

    help = "Refused: accounts are made with manage.py grant, which writes it down."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whatever Django's own would take, to answer all of it alike."""
        parser.add_argument("ignored", nargs="*")

    def handle(self, *_: object, **__: object) -> None:
        """Refuse. Raises ``CommandError``."""
        raise CommandError("Accounts are made with manage.py grant NAME administrator, which writes it down.")
