"""Add, change, test, pause, resume and remove hosts on the command line."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from domains.hypervisor.address import AddressError
from domains.hypervisor.address_uri import parse_uri
from domains.management.administering import AdministeringCommand, operating_systems_user, refusals_told
from domains.management.host_testing import await_outcome
from domains.management.terminal import printable
from domains.models import ConnectionTest, Host
from domains.models.host import address_policy
from domains.operations import hosts
from domains.operations.actor import Actor
from domains.operations.hosts_rules import ADDRESS, fields_of, settings_of
from domains.operations.hosts_testing import ask_test, ask_test_of
from domains.operations.refused import RequestRefused
from domains.vcpu.reasons import Reason

WAIT = 60
_SWITCHES: dict[str, tuple[Callable[..., bool], str]] = {
    "pause": (hosts.pause_host, "leave it alone until it is resumed, even if it hangs"),
    "resume": (hosts.resume_host, "watch it and change its guests again"),
}


class Command(AdministeringCommand):
    """``manage.py host add HOST URI | change HOST | test HOST | pause HOST | resume HOST | remove HOST | list``."""

    help = "Add, change, test, pause, resume, remove or list hosts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="make a host known")
        change = actions.add_parser("change", help="reach a host another way")
        test = actions.add_parser("test", help="have a watcher find out whether it can be reached")
        for action, uri in ((add, "uri"), (change, "--uri"), (test, "--uri")):
            action.add_argument("host", metavar="HOST", help="a short name for it")
            action.add_argument(
                uri, metavar="URI", help="such as qemu+ssh://slotboard@rack1.example.org/system"
            )
            action.add_argument(
                "--monitor", action=BooleanOptionalAction, help="listen to QEMU's monitor events (read-write)"
            )
            if action is not test:
                action.add_argument("--queue", help="the Celery queue of its workers")
        test.add_argument(
            "--wait", nargs="?", type=float, const=WAIT, metavar="SECONDS",
            help="print the answer; exit status 0 connected, 1 not, 3 not known in time",
        )  # fmt: skip
        for name, (_, words) in _SWITCHES.items():
            actions.add_parser(name, help=words).add_argument("host", metavar="HOST")
        remove = actions.add_parser("remove", help="forget it; operations and history stay")
        remove.add_argument("host", metavar="HOST")
        remove.add_argument("--force", action="store_true", help="end what is under way on it")
        actions.add_parser("list", help="list the hosts")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Do it, with its history entry."""
        if options["action"] == "list":
            for host in Host.objects.all():
                self.stdout.write(_line(host))
        elif options["action"] == "test":
            with refusals_told("host", options):
                test = _ask_test(operating_systems_user(), options["host"], options)
            await_outcome(test, options["wait"], self.stdout)
        else:
            with refusals_told("host", options):
                self.stdout.write(_do(options["action"], options["host"], options))


def _do(action: str, slug: str, options: dict[str, Any]) -> str:
    actor = operating_systems_user()
    if action == "add":
        host = hosts.add_host(actor=actor, slug=slug, fields=_fields(options))
        return f"{slug} is added and reached by {host.uri()}."
    if action == "remove":
        hosts.remove_host(actor=actor, slug=slug, force=options["force"])
        return f"{slug} is removed."
    if action in _SWITCHES:
        switched = _SWITCHES[action][0](actor=actor, slug=slug)
        return f"{slug} is {'' if switched else 'already '}{action}d."
    changed = hosts.change_host(actor=actor, slug=slug, fields=_fields(options))
    return f"{slug} is changed." if changed else f"{slug} is like that already."


def _ask_test(actor: Actor, slug: str, options: dict[str, Any]) -> ConnectionTest:
    fields = _fields(options)
    if "driver" in fields:
        return ask_test_of(actor=actor, slug=slug, fields=fields)
    host = hosts.find_host(slug)
    if not fields:
        return ask_test(actor=actor, host=host)
    settings = settings_of(host, (*ADDRESS, "queue"))
    return ask_test_of(actor=actor, slug=slug, fields={**settings, **fields}, host=host)


def _fields(options: dict[str, Any]) -> dict[str, object]:
    fields: dict[str, object] = {}
    if options["uri"] is not None:
        try:
            fields |= fields_of(parse_uri(options["uri"], address_policy()))
        except AddressError as error:
            raise RequestRefused(Reason.INVALID_REQUEST, error.sentence) from error
    return fields | {name: options[name] for name in ("monitor", "queue") if options.get(name) is not None}


def _line(host: Host) -> str:
    try:
        where = printable(host.uri())
    except AddressError as error:
        where = error.sentence
    why = f": {host.last_error}" if host.last_error and host.enabled else ""
    return f"{host.slug}: {where}, {host.shown}{why}"
