"""What the commands about hosts, accounts and roles share: who acts, and how a refusal is told."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from domains.operations.actor import Actor
from domains.operations.refused import RequestRefused


def operating_systems_user() -> Actor:
    """Give whoever runs the command, with an administrator's rights."""
    return Actor(f"os:{getpass.getuser()}", "command")


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turn a refusal into Django's way of ending a command with a sentence. Raises ``CommandError``."""
    try:
        yield
    except RequestRefused as refused:
        raise CommandError(refused.message) from refused
