"""What the commands share: who acts, and how a refusal is told and written down."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.unread import Unread, record_unread
from domains.vcpu.reasons import Reason

# Options that every command has, and that say nothing about what was asked
_DJANGOS = frozenset(
    [
        "verbosity",
        "settings",
        "pythonpath",
        "traceback",
        "no_color",
        "force_color",
        "skip_checks",
        "stdout",
        "stderr",
    ]
)
_SECRET = frozenset(["uri"])  # what may hold a password, which an append-only history would keep for good
_NOT_KEPT = "(not kept)"
_WRONG_LINE = 2  # the exit status of argparse


def operating_systems_user() -> Actor:
    """Give whoever runs the command, with an administrator's rights.

    The system is asked, not the environment, in which everybody can call themselves anything.
    """
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # in a container, for example
        name = str(uid)
    return Actor(f"os:{name}", "command")


class AdministeringCommand(BaseCommand):
    """A command that leaves an entry also where its command line makes no sense.

    Of such a line only the names of its options are kept: anywhere in it may stand a URI or a password.
    """

    keeps_words = False
    _understood = False

    def run_from_argv(self, argv: list[str]) -> None:
        """Write down what argparse refuses, which then ends the command."""
        try:
            super().run_from_argv(argv)
        except SystemExit as ending:
            if ending.code == _WRONG_LINE and not self._understood:
                self.refuse_line(argv)
            raise

    def execute(self, *args: Any, **options: Any) -> str | None:  # noqa: ANN401  # Django's own signature
        """Run; from here on the command itself tells what it refuses."""
        self._understood = True
        return super().execute(*args, **options)

    def refuse_line(self, argv: list[str]) -> None:
        """Write down that this command line is wrong."""
        wrong = RequestRefused(Reason.INVALID_REQUEST, f"The command line is wrong; see {argv[1]} --help.")
        names = [word.partition("=")[0] for word in argv[2:] if word.startswith("--")]
        record_refused_command(wrong, argv[1], {"typed": argv[2:] if self.keeps_words else names})


@contextmanager
def refusals_told(command: str, options: Mapping[str, object]) -> Iterator[None]:
    """Turn a refusal into Django's way of ending a command with a sentence. Raises ``CommandError``."""
    try:
        yield
    except RequestRefused as refused:
        record_refused_command(refused, command, options)
        raise CommandError(refused.message) from refused


def record_refused_command(refused: RequestRefused, command: str, options: Mapping[str, object]) -> None:
    """Write down a command that was refused before it became anything, with what was typed but for secrets."""
    typed = {
        name: _NOT_KEPT if name in _SECRET else value
        for name, value in options.items()
        if value and name not in _DJANGOS
    }
    sent = json.dumps(typed, ensure_ascii=False, default=str)
    record_unread(refused, operating_systems_user(), Unread("command", f"manage.py {command}", sent))
