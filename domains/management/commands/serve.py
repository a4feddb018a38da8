"""manage.py serve: the web process."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.serve import serve
from dashboard.supervise import CannotStart


class Command(BaseCommand):
    """Serves pages and the streams of changes."""

    help = "Serve Slotboard's pages and streams. Django's runserver cannot hold streams open."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address to listen on."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="TCP port (default: %(default)s)")

    def handle(self, *, host: str, port: int, **_: object) -> None:
        """Serve until a signal comes."""
        try:
            serve(host, port)
        except CannotStart as error:
            raise CommandError(str(error)) from error
