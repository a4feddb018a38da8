"""What the commands share: who acts, and how a refusal is told and written down."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.core.management.base import CommandError

from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused
from domains.operations.unread import Unread, record_unread

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
