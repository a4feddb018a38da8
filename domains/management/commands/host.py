"""Add, change, switch off and remove hosts on the command line."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import CommandParser

from domains.hypervisor.address import AddressError
from domains.hypervisor.address_uri import parse_uri
from domains.management.administering import AdministeringCommand, operating_systems_user, refusals_told
from domains.management.terminal import printable
from domains.models import Host
from domains.models.host import address_policy
from domains.operations.hosts import add_host, change_host, fields_of, remove_host
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason


class Command(AdministeringCommand):
    """``manage.py host add HOST URI | change HOST | enable HOST | disable HOST | remove HOST | list``."""

    help = "Add, change, switch on or off, remove or list hosts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="make a host known")
        change = actions.add_parser("change", help="reach a host another way")
        for action, uri in ((add, "uri"), (change, "--uri")):
            action.add_argument("host", metavar="HOST", help="a short name for it")
            action.add_argument(
                uri, metavar="URI", help="such as qemu+ssh://slotboard@rack1.example.org/system"
            )
            action.add_argument(
                "--monitor", action=BooleanOptionalAction, help="listen to QEMU's monitor events (read-write)"
            )
            action.add_argument("--queue", help="the Celery queue of its workers")
        for name, words in (
            ("enable", "watch it and change its guests again"),
            ("disable", "leave it alone for now"),
            ("remove", "forget it; operations and history stay"),
        ):
            actions.add_parser(name, help=words).add_argument("host", metavar="HOST")
        actions.add_parser("list", help="list the hosts")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Do it, with its history entry."""
        if options["action"] == "list":
            for host in Host.objects.all():
                self.stdout.write(f"{host.slug}: {printable(host.uri())}, {host.state}")
            return
        with refusals_told("host", options):
            self.stdout.write(_do(options["action"], options["host"], options))


def _do(action: str, slug: str, options: dict[str, Any]) -> str:
    actor = operating_systems_user()
    if action == "add":
        host = add_host(actor=actor, slug=slug, fields=_fields(options))
        return f"{slug} is added and reached by {host.uri()}."
    if action == "remove":
        remove_host(actor=actor, slug=slug)
        return f"{slug} is removed."
    fields = _fields(options) if action == "change" else {"enabled": action == "enable"}
    changed = change_host(actor=actor, slug=slug, fields=fields)
    return f"{slug} is changed." if changed else f"{slug} is like that already."


def _fields(options: dict[str, Any]) -> dict[str, object]:
    fields: dict[str, object] = {}
    if options["uri"] is not None:
        try:
            fields |= fields_of(parse_uri(options["uri"], address_policy()))
        except AddressError as error:
            raise RequestRefused(Reason.INVALID_REQUEST, error.sentence) from error
    return fields | {name: options[name] for name in ("monitor", "queue") if options[name] is not None}
