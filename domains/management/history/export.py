"""``manage.py history export``: a part of the history as a file that proves by itself what stands in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Q
from django.http import QueryDict

from domains.history.export import files, writing
from domains.history.export.asking import wish_of
from domains.history.export.forms import FORMS
from domains.history.export.planning import CannotExport, begin
from domains.history.search import Filters
from domains.management.administering import operating_systems_user
from domains.management.history.subcommand import DONE, FAILED, Subcommand, UsageError
from domains.web.filters import filters_of
from domains.web.query import Malformed

_FILTERS = {
    "since": (
        "TIME",
        "from this time on, such as 2026-11-25 or 2026-11-25T14:30:00Z; in UTC unless it says otherwise",
    ),
    "until": ("TIME", "before this time, or to the end of this day"),
    "host": ("HOST", "about this host"),
    "domain": ("DOMAIN", "about this guest, by name or UUID"),
    "actor": ("USER", "by this person"),
    "action": ("ACTION", "such as add or remove"),
    "status": ("STATUS", "such as failed or refused"),
    "reason": ("CODE", "with this reason code"),
    "door": ("DOOR", "that came through this door, such as page or api"),
    "slot": ("SLOT", "about this vCPU"),
    "q": ("TEXT", "that hold these words"),
    "show": ("WHAT", "operations, access or everything (default)"),
}


class Export(Subcommand):
    """Export the whole history, a range of it, or what filters find."""

    name = "export"
    records = True
    help = "export the history, or a part of it, as NDJSON or CSV that verify-export can check"

    @classmethod
    def add_arguments(cls, parser: CommandParser) -> None:
        """Declare what it understands."""
        parser.add_argument("--format", choices=list(FORMS), default="ndjson", help="default: %(default)s")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="a new file; standard output without it"
        )
        parser.add_argument(
            "--from", dest="first", type=int, metavar="SEQ", help="the first entry, by its number"
        )
        parser.add_argument(
            "--to", dest="last", type=int, metavar="SEQ", help="the last entry, by its number"
        )
        parser.add_argument(
            "--compact", action="store_true", help="without the digests of what is left out; this proves less"
        )
        for name, (metavar, told) in _FILTERS.items():
            parser.add_argument(
                "--text" if name == "q" else f"--{name}", dest=name, metavar=metavar, help=told
            )

    def run(self, options: dict[str, Any]) -> int:
        """Write the export; nothing is written where it cannot be whole."""
        form, output = FORMS[options["format"]], options["output"]
        if output and output.exists():
            raise UsageError(f"{output} exists already; choose another name, or remove it.")
        first, last = _numbers(options)
        try:
            wish = wish_of(_filters(options), Q(), compact=options["compact"], first=first, last=last)
            by = {"actor": operating_systems_user().name, "door": "command", "address": None, "token": None}
            header = begin(wish, form, by)
        except (CannotExport, Malformed) as refused:
            raise UsageError(str(refused)) from refused
        lines = writing.lines(header, wish.matching, form)
        try:
            return self._write(output, lines) if output else _print(lines)
        except writing.Interrupted as interrupted:
            self.err.write(str(interrupted))
            return FAILED

    def _write(self, output: Path, lines: Iterator[bytes]) -> int:
        try:
            files.write(output, lines)
        except OSError as error:
            raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
        self.out.write(f"Exported to {output}; see what it proves with history verify-export.")
        return DONE


def _numbers(options: dict[str, Any]) -> tuple[int | None, int | None]:
    """Give the ends of the range that are set, which must make one."""
    first, last = options["first"], options["last"]
    for option, number in (("--from", first), ("--to", last)):
        if number is not None and number < 1:
            raise UsageError(f"{option} {number} names no entry: they are numbered from 1 on.")
    if first is not None and last is not None and first > last:
        raise UsageError(f"--from {first} comes after --to {last}; give the smaller number first.")
    return first, last


def _filters(options: dict[str, Any]) -> Filters:
    """Read the filters as an address has them; but the command shows everything unless it is told not to."""
    asked = QueryDict(mutable=True)
    asked.update({name: options[name] for name in _FILTERS if options[name] is not None})
    asked.setdefault("show", "everything")
    return filters_of(asked)


def _print(lines: Iterator[bytes]) -> int:
    try:
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # who reads has seen enough; nothing more may be written, not even at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return DONE
