"""``manage.py history verify-export``: what an exported file proves, wherever it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from domains.history import headfile
from domains.history.export.checking import Unfit, check
from domains.history.export.proof_words import sentences
from domains.management.history.subcommand import DONE, FAILED, Subcommand, UsageError
from domains.management.terminal import printable


class VerifyExport(Subcommand):
    """Check an export, by itself and against published heads."""

    name = "verify-export"
    help = "check an exported file and say what it proves; needs no database"

    @classmethod
    def add_arguments(cls, parser: CommandParser) -> None:
        """Declare what it understands."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--against", type=Path, metavar="HEADFILE", help="heads that were published")

    def run(self, options: dict[str, Any]) -> int:
        """Check it; 0 where it fits, 1 where it does not, 2 where it cannot be compared as asked."""
        path, kept = options["file"], options["against"]
        try:
            heads = headfile.read(kept) if kept else []
            with path.open("rb") as file:
                proof = check(file, heads)
        except headfile.HeadFileError as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
        except Unfit as problem:
            self.out.write(printable(f"{path} does not fit. {problem}"))
            return FAILED
        self.out.write(printable(f"{path} fits."))
        for sentence in sentences(proof):
            self.out.write(printable(sentence))
        if heads and not proof.tied:
            raise UsageError(
                f"No head in {kept} is about an entry of this export, so it could not be compared."
            )
        return DONE
