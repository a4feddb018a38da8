"""``manage.py history head``: what to write down elsewhere."""

from __future__ import annotations

from typing import Any

from domains.history import chain
from domains.management.history.subcommand import DONE, FAILED, Subcommand


class PrintHead(Subcommand):
    """Print the head as one line of JSON, as ``verify --against`` reads it."""

    name = "head"
    help = "print the number, hash and time of the last entry as one line of JSON"

    def run(self, options: dict[str, Any]) -> int:
        """Print it; a history without an entry has none."""
        head = chain.head()
        if head is None:
            self.err.write("The history has no entry yet, so it has no head.")
            return FAILED
        self.out.write(head.line())
        return DONE
