"""The parts of ``manage.py history``; a new one is a module of its own and a line here."""

from __future__ import annotations

from domains.management.history.head import Head
from domains.management.history.subcommand import Subcommand

SUBCOMMANDS: tuple[type[Subcommand], ...] = (Head,)
