"""``manage.py history restored``: record on purpose that a restored backup lost the end of the history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from domains.history.restored import MOST, record
from domains.management.administering import operating_systems_user
from domains.management.history.subcommand import DONE, Subcommand, UsageError
from domains.management.history.verify import examine
from domains.management.terminal import printable


class RecordRestored(Subcommand):
    """Append an entry that names the heads which the history does not reach any more."""

    name = "restored"
    records = True
    help = "record that a restored backup lost the end of the history, which a file of heads still names"

    @classmethod
    def add_arguments(cls, parser: CommandParser) -> None:
        """Declare its options."""
        parser.add_argument(
            "--against",
            type=Path,
            required=True,
            metavar="HEADFILE",
            help="heads from before; some do not fit now",
        )
        parser.add_argument("--note", required=True, metavar="TEXT", help="why, which backup, which ticket")

    def run(self, options: dict[str, Any]) -> int:
        """Append the entry, provided that the chain itself is unbroken and heads are lost indeed."""
        file, note = options["against"], options["note"].strip()
        if not note:
            raise UsageError("--note must say why the backup was restored.")
        examination = examine(file)
        if examination.verdict.finding is not None:
            raise UsageError(
                f"The chain itself is broken, which no restored backup explains: {examination.verdict.finding.sentence}"
            )
        lost = examination.comparison.misfits if examination.comparison else []
        if not lost:
            raise UsageError(
                f"Every head in {file} fits or was recorded already: there is nothing to record."
            )
        if len(lost) > MOST:
            raise UsageError(
                f"{len(lost)} heads in {file} do not fit, and one entry names at most {MOST}: keep in a file of its "
                "own those that you will verify against, at least the last one."
            )
        seq = record(lost, actor=operating_systems_user().name, note=note)
        self.out.write(
            printable(f"Recorded as entry {seq}: the history up to entry {lost[-1].seq} was lost, {note}")
        )
        return DONE
