"""Make accounts, switch them off and on, and put them into groups, on the command line."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandParser

from domains.management.administering import AdministeringCommand, operating_systems_user, refusals_told
from domains.management.terminal import printable
from domains.models.grant import grants_of
from domains.operations.accounts import make_account, switch_account
from domains.operations.accounts_groups import join_group, leave_group
from domains.operations.actor import Actor

_ACTIONS = {
    "make": "make an account without any role",
    "deactivate": "switch an account off: it is signed out everywhere and its tokens open nothing",
    "activate": "switch it on again",
    "join": "put it into a group",
    "leave": "take it out of a group",
}


class Command(AdministeringCommand):
    """``manage.py account make|deactivate|activate NAME | join|leave NAME GROUP | list``."""

    help = (
        "Make accounts, switch them off and on, put them into groups, or list them. Roles: manage.py grant."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the interface."""
        actions = parser.add_subparsers(dest="action", required=True)
        for name, words in _ACTIONS.items():
            action = actions.add_parser(name, help=words)
            action.add_argument("name", metavar="NAME", help="sign-in name")
            if name in ("join", "leave"):
                action.add_argument("group", metavar="GROUP")
        actions.add_parser("list", help="list the accounts with their roles, also those that groups bring")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """Do it, with its history entry."""
        if options["action"] == "list":
            for user in User.objects.order_by("username"):
                self.stdout.write(printable(_listed(user)))
            return
        with refusals_told("account", options):
            done = _do(options["action"], options["name"], options.get("group", ""), operating_systems_user())
            self.stdout.write(printable(done))


def _do(action: str, name: str, group: str, actor: Actor) -> str:
    if action == "make":
        user, password = make_account(actor=actor, name=name)
        return f"The account {user.username} is made. Its password, shown only now: {password}"
    if action == "join":
        new = join_group(actor=actor, user=name, group=group)
        return f"{name} is {'' if new else 'already '}in the group {group}."
    if action == "leave":
        was = leave_group(actor=actor, user=name, group=group)
        return f"{name} is no longer in the group {group}." if was else f"{name} is not in the group {group}."
    on = action == "activate"
    changed = switch_account(actor=actor, name=name, on=on)
    return f"{name} is {'' if changed else 'already '}switched {'on' if on else 'off'}."


def _listed(user: User) -> str:
    roles = [f"{grant} (group {grant.group})" if grant.group else str(grant) for grant in grants_of(user)]
    state = "" if user.is_active else ", switched off"
    everything = ["superuser"] if user.is_superuser else []
    return f"{user.username}{state}: {'; '.join([*everything, *roles]) or 'no role'}"
