"""manage.py supervise: prepare the data folder and become the supervisor of all processes."""

from __future__ import annotations

import logging

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import supervise
from domains.models import Host


class Command(BaseCommand):
    """Starts everything in the foreground; script/server is the way to call it."""

    help = "Start every process of Slotboard in the foreground, under a supervisor that restarts what dies."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port, and whether to do without the lab."""
        parser.add_argument("--port", type=int, default=8000, help="TCP port (default: %(default)s)")
        parser.add_argument("--no-lab", action="store_true", help="do not start the lab")

    def handle(self, *, port: int, no_lab: bool, **_: object) -> None:
        """Prepare, and become the supervisor."""
        if not 1 <= port <= 65535:
            raise CommandError(f"--port {port} is no TCP port.")
        try:
            supervise.check_port(port)
            supervise.lock()
        except supervise.CannotStart as error:
            raise CommandError(str(error)) from error
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        logging.getLogger("domains.push").setLevel(logging.ERROR)  # nobody listens yet, and Redis comes later
        call_command("firstuser")
        lab = not no_lab and not Host.objects.exclude(slug="lab").exists()
        if lab:
            call_command("labhost")
        self.stdout.flush()
        supervise.become_supervisor(supervise.programs(port=port, lab=lab))
