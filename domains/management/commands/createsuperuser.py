"""Django's own command of this name would make an account without a trace; this says what to do instead."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """``manage.py createsuperuser``: refused."""

    help = "Refused: accounts are made with manage.py grant, which writes it down."

    def run_from_argv(self, argv: list[str]) -> None:
        """Leave out what Django's own would have taken, to answer all of it alike."""
        super().run_from_argv(argv[:2])

    def handle(self, *_: object, **__: object) -> None:
        """Refuse. Raises ``CommandError``."""
        raise CommandError("Accounts are made with manage.py grant NAME administrator, which writes it down.")
