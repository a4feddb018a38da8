"""manage.py ready: say when everything is there for a click."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException

from django.core.management.base import BaseCommand, CommandParser

from dashboard import parts
from domains.models import Domain

PAUSE = 0.3  # seconds between two looks
REPEAT = 30.0  # seconds after which it is said again what is awaited
GUEST = "web01"


class Command(BaseCommand):
    """Waits until a click would work and prints the address."""

    help = "Wait until pages are served and a worker is there (with --lab: and its guest web01 runs)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port, and whether there is a lab."""
        parser.add_argument("--port", type=int, default=8000, help="TCP port (default: %(default)s)")
        parser.add_argument("--lab", action="store_true", help=f"wait for the lab's guest {GUEST} as well")

    def handle(self, *, port: int, lab: bool, **_: object) -> None:
        """Wait, and print the address."""
        said = time.monotonic()
        while missing := list(_missing(port, lab)):
            if time.monotonic() - said > REPEAT:
                said = time.monotonic()
                self.stdout.write(f"Waiting for {', '.join(missing)}.")
                self.stdout.flush()
            time.sleep(PAUSE)
        self.stdout.write(f"Ready: http://127.0.0.1:{port}/")


def _missing(port: int, lab: bool) -> Iterator[str]:
    if not _web_answers(port):
        yield "the web process"
    if not parts.worker_answers():
        yield "a worker"
    if lab and not parts.connected(parts.hosts().get("lab", "")):
        yield "the host lab"
    elif lab and not any(map(_booted, Domain.objects.filter(host__slug="lab", name=GUEST))):
        yield f"the guest {GUEST}"


def _booted(guest: Domain) -> bool:
    """Whether the guest answers a click: one that runs but is still in its firmware refuses."""
    return guest.running and bool(guest.agent)


def _web_answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
