"""``manage.py watcher``: keep the inventory true, until stopped."""

from __future__ import annotations

import signal

from django.core.management.base import BaseCommand, CommandError, CommandParser

from domains.watcher.pace import Pace
from domains.watcher.parent import Parent


class Command(BaseCommand):
    """Watch all hosts that no other watcher has."""

    requires_system_checks = ()  # they would load all the pages, which this process never shows
    help = "Watch the hypervisor hosts and keep the inventory true. Several watchers share the hosts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument(
            "--interval",
            type=float,
            default=Pace().statistics,
            metavar="SECONDS",
            help="how often a host is asked for its statistics, from 0.05 to 5 (default: %(default)s)",
        )

    def handle(self, *_: object, interval: float, **__: object) -> None:
        """Run until SIGTERM or Ctrl-C."""
        if not 0.05 <= interval <= 5:
            raise CommandError("--interval must be from 0.05 to 5 seconds.")
        parent = Parent(Pace(statistics=interval))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: parent.stop())
        if not parent.run():
            raise CommandError("The watcher ended because a part of it failed; see its log.")
