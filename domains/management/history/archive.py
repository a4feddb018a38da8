"""``manage.py history archive``: move the oldest part of the history into a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from domains.history.archive import CannotArchive, archive
from domains.history.boundary import NothingToArchive
from domains.management.administering import operating_systems_user
from domains.management.history.subcommand import DONE, Subcommand, UsageError
from domains.management.terminal import printable
from domains.web.times import read_moment

FOLDER = "archive"  # below the data folder


class Archive(Subcommand):
    """Write everything before a time to a file, check it, record it, and then remove it from the database."""

    name = "archive"
    records = True
    help = "move everything before a time into a checked file, and out of the database; safe to run again"

    @classmethod
    def add_arguments(cls, parser: CommandParser) -> None:
        """Declare what it understands."""
        parser.add_argument(
            "--before",
            required=True,
            metavar="DATE",
            help="such as 2026-11-25 or 2026-11-25T14:30:00Z; in UTC unless it says otherwise",
        )
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help=f"a new file, or a folder; the data folder's {FOLDER}/ by default",
        )

    def run(self, options: dict[str, Any]) -> int:
        """Archive, or finish what an earlier run began."""
        now = datetime.now(UTC)
        moment = read_moment(options["before"], UTC, now=now)
        if moment is None:
            raise UsageError(f"“{options['before']}” is no time; write 2026-11-25 or 2026-11-25T14:30:00Z.")
        if moment > now:
            raise UsageError(f"{options['before']} is in the future; what is yet to come cannot be archived.")
        by = {"actor": operating_systems_user().name, "door": "command", "address": None, "token": None}
        try:
            archived = archive(moment, options["output"] or _folder(), by)
        except (CannotArchive, NothingToArchive) as refused:
            raise UsageError(str(refused)) from refused
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be used: {error.strerror}.") from error
        self.out.write(
            printable(
                f"Entries {archived.first} to {archived.last} are in {archived.path} and no longer in the database; "
                f"entry {archived.recorded_in} records it. SHA-256 of the file: {archived.sha256}."
            )
        )
        if archived.note:
            self.out.write(printable(archived.note))
        return DONE


def _folder() -> Path:
    folder: Path = settings.VAR / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
