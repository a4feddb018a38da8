"""``manage.py history reindex``: what the history's page searches, made anew from the history."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from domains.history.reindex import disagreement, reindex
from domains.management.history.subcommand import DONE, FAILED, Subcommand


class Reindex(Subcommand):
    """Make the line index anew, or say whether it agrees with the ledger."""

    name = "reindex"
    help = "make what the history's page searches anew from the history; nothing can be recorded meanwhile"

    @classmethod
    def add_arguments(cls, parser: CommandParser) -> None:
        """Declare its option."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing, and name the first line that differs from the history, if one does",
        )

    def run(self, options: dict[str, Any]) -> int:
        """Give 0 for an index that agrees with the history, which one that was just made does."""
        if not options["check"]:
            self.out.write(f"Made {reindex()} lines from the history.")
            return DONE
        wrong = disagreement()
        self.out.write(wrong or "The line index agrees with the history.")
        return FAILED if wrong else DONE
